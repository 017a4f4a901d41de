{{/* What every object is called after: the release, with the chart's name where the release's has it not. */}}
{{- define "redis-cluster.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "redis-cluster.labels" -}}
chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
release: {{ .Release.Name }}
heritage: {{ .Release.Service }}
{{- end -}}

{{/* A change of the scripts or settings makes new pods of controllers that roll, as the Deployment and the StatefulSet. */}}
{{- define "redis-cluster.annotations" -}}
checksum/config: {{ include (print $.Template.BasePath "/configmap.yaml") . | sha256sum }}
{{- end -}}

{{- define "redis-cluster.pod" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 999
  runAsGroup: 999
  fsGroup: 999
{{- end -}}

{{/* One container. Takes: root, name, role (the variable that makes run.sh master or Sentinel, or ""), resources, data. */}}
{{- define "redis-cluster.container" -}}
- name: {{ .name }}
  image: {{ .root.Values.image | quote }}
  imagePullPolicy: {{ .root.Values.imagePullPolicy }}
  command: [sh, /redis-config/run.sh]
  {{- if .role }}
  env:
    - name: {{ .role }}
      value: "true"
  {{- end }}
  envFrom:
    - configMapRef:
        name: {{ include "redis-cluster.fullname" .root }}-settings
  ports:
    - containerPort: {{ ternary 26379 6379 (eq .name "sentinel") }}
  {{- with .resources }}
  resources:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  volumeMounts:
    - name: config
      mountPath: /redis-config
    {{- if .data }}
    - name: data
      mountPath: /redis-master-data
    {{- end }}
{{- end -}}

{{- define "redis-cluster.config-volume" -}}
- name: config
  configMap:
    name: {{ include "redis-cluster.fullname" . }}-config
{{- end -}}

{{- define "redis-cluster.claim" -}}
accessModes: [{{ .Values.persistence.accessMode }}]
storageClassName: {{ .Values.persistence.storageClass | quote }}
resources:
  requests:
    storage: {{ .Values.persistence.size }}
{{- end -}}
