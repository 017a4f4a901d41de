"""From histories and judgements to tables, pages and JUnit properties: no Redis, no Kubernetes, no clock."""
