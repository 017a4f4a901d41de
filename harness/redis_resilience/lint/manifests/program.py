"""What runs in a container: the command, every script and file that it names, and what these are given.

Reads what is written and follows names; nothing is run. What an image contains is not there to be read.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from redis_resilience.lint.manifests.images import is_official
from redis_resilience.lint.manifests.mounts import ConfigMaps, Mount, Text, files_of, mounts_of
from redis_resilience.lint.manifests.shell import assigned, code, expand, lines, words
from redis_resilience.lint.manifests.tree import Tree
from redis_resilience.lint.setup import SECRET

_SHELLS = ("sh", "bash", "ash", "dash")
STARTS = re.compile(r"(?<![\w.-])(?:redis|valkey)-(?:server|sentinel)(?=[\s\"')]|$)")
_RUNNERS = ("exec", "env", "nohup", "sudo", "su", "su-exec", "gosu", "runuser", "setpriv", "tini", "dumb-init", "nice")
_GIVEN = re.compile(r"\$\((\w+)\)")
_NOT_A_FILE = re.compile(r"[$]\{?[@*]|\[@\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A line that starts a server. sentinel: as Sentinel. replaces: whether it takes the shell's place. file: the path
    of its configuration file, "" where it is given none.
    """

    line: str
    where: str
    sentinel: bool
    replaces: bool
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """texts: that have a say. files: all that are mounted. complete: whether everything that decides about the settings
    was there to be read, except the files that it starts with. shell: is the first process. own: whether it starts by
    its image alone. unread: whether it runs a script that is not here.
    """

    texts: tuple[Text, ...]
    files: tuple[Text, ...]
    starts: tuple[Start, ...]
    mounts: tuple[Mount, ...]
    shell: bool
    complete: bool
    own: bool
    unread: bool
    image: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)

    def mount_of(self, path: str) -> Mount | None:
        """The volume that this path is on: the one with the longest path."""
        return max((mount for mount in self.mounts if mount.holds(path)), key=lambda each: len(each.path), default=None)

    def file_at(self, path: str) -> Text | None:
        return next((text for text in self.files if text.path == posixpath.normpath(path)), None)

    def included(self, path: str) -> str | None:
        """The text of a file that another one includes."""
        found = self.file_at(path) or next((text for text in self.files if _names(path, text)), None)
        return found.body if found else None

    def is_seen(self, start: Start) -> bool:
        """Whether the configuration file that a server starts with is there to be read, or written by a script that
        is.
        """
        if not start.file or self.file_at(start.file):
            return True
        name = posixpath.basename(start.file)
        if any(text.is_file and text.name == name for text in self.texts):
            return True
        scripts = [line.text for text in self.texts if not text.is_file for line in lines(text.body)]
        return any(
            start.file in expand(line, self.variables)
            for line in scripts
            if line != start.line and not STARTS.search(line)
        )


def read_program(container: Tree, pod: Tree, config_maps: ConfigMaps, where: str) -> Program:
    """The program of one container of a pod's spec; what its init containers do is part of it."""
    environment = _environment(container, config_maps)
    image = container.at("image").text()
    mounts = mounts_of(container, pod, config_maps)
    line = _command(container, environment)
    inline = Text(name="command", where=f"{where}, command", body=_inline(line))
    files = list(files_of(container, pod, config_maps))
    out_of_reach = [mount for mount in mounts if not mount.seen]
    texts = [inline]
    known = dict(environment)
    for init in pod.at("initContainers").each():
        if init.at("restartPolicy").text() == "Always":
            continue
        body = _inline(_command(init, {}))
        texts.append(Text(name="command", where=f"init container {init.at('name').text()}", body=body))
        files += [text for text in files_of(init, pod, config_maps) if text not in files]
        out_of_reach += [mount for mount in mounts_of(init, pod, config_maps) if not mount.seen]
        known = _environment(init, config_maps) | known
    for text in texts:  # grows while it is read: a script names the next
        if not text.is_file:
            known = assigned(text.body, known)
        said = expand(text.body, known)
        read = {each.where for each in texts}
        texts += [file for file in files if file.where not in read and _names(said, file)]
    scripts = [text for text in texts if not text.is_file]
    shell = bool(line) and posixpath.basename(line[0]) in _SHELLS
    starts = tuple(start for text in scripts for start in _starts(text, known, direct=text is inline and not shell))
    unread = _unread(texts, known)
    return Program(
        texts=tuple(texts),
        files=tuple(files),
        starts=starts,
        mounts=mounts,
        shell=shell,
        complete=bool(starts) and not unread and not _copied(scripts, known, out_of_reach),
        own=not container.at("command") and not starts and not (is_official(image) and container.at("args")),
        unread=unread,
        image=image,
        environment=environment,
        variables=known,
    )


def _command(container: Tree, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Command and arguments, with the image's own entrypoint where that is known."""

    def told(word: str) -> str:
        return _GIVEN.sub(lambda match: environment.get(match[1], match[0]), word)

    command = [told(word.text()) for word in container.at("command").each()]
    arguments = [told(word.text()) for word in container.at("args").each()]
    image = container.at("image").text()
    if (
        not command
        and is_official(image)
        and (not arguments or arguments[0].startswith("-") or arguments[0].endswith(".conf"))
    ):
        command = ["valkey-server" if "valkey" in image else "redis-server"]
    return (*command, *arguments)


def _inline(line: tuple[str, ...]) -> str:
    if line and posixpath.basename(line[0]) in _SHELLS:
        flag = next((number for number, word in enumerate(line) if re.fullmatch(r"-\w*c", word)), None)
        if flag is not None:
            return "\n".join(line[flag + 1 :])
    return shlex.join(line)


def _environment(container: Tree, config_maps: ConfigMaps) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in container.at("envFrom").each():
        prefix = source.at("prefix").text()
        settings = config_maps.get(source.at("configMapRef", "name").text(), {})
        found |= {f"{prefix}{name}": value for name, value in settings.items()}
    for entry in container.at("env").each():
        name, given = entry.at("name").text(), entry.at("valueFrom")
        reference = given.at("configMapKeyRef")
        if not given:
            found[name] = entry.at("value").text()
        elif given.at("secretKeyRef"):
            found[name] = SECRET
        elif reference:
            settings = config_maps.get(reference.at("name").text(), {})
            if (key := reference.at("key").text()) in settings:
                found[name] = settings[key]
    return found


def _names(said: str, file: Text) -> bool:
    """Whether a text mentions this file: by its name, as one of *.conf, or as one of all in its folder."""
    if re.search(rf"(?<![\w.-]){re.escape(file.name)}(?![\w-])", said):
        return True
    folder = re.escape(posixpath.dirname(file.path))
    if re.search(rf"(?<![\w./-]){folder}/(?:\*|\.)(?=[\s\"';)]|$)", said):
        return True
    extension = posixpath.splitext(file.name)[1]
    return bool(extension) and f"*{extension}" in said


def _starts(text: Text, variables: Mapping[str, str], *, direct: bool) -> list[Start]:
    if direct:
        bodies = [line for line in code(text.body).splitlines() if STARTS.search(line) and not _only_mentions(line)]
    else:
        bodies = [line.text for line in lines(text.body) if _is_command(expand(line.text, variables))]
    return [_start(line, text.where, variables, direct=direct) for line in bodies]


def _only_mentions(line: str) -> bool:
    return posixpath.basename((words(line) or ("",))[0]) in (
        "pgrep",
        "pkill",
        "pidof",
        "killall",
        "echo",
        "which",
        "watch",
    )


def _is_command(line: str) -> bool:
    """Whether a server is started, rather than looked for or mentioned."""
    match = STARTS.search(line)
    before = line[: match.start()] if match else ""
    if match is None or before.endswith("="):
        return False
    last = re.split(r"&&|\|\||[|&({`]|\bthen\b|\bdo\b|\belse\b", before)[-1]
    said = [word for word in words(last.rstrip("/\"'")) if not re.fullmatch(r"\w+=.*", word)]
    if "$(" in before and before.rpartition("$(")[2].count(")") == 0:
        return False
    if not said:
        return True
    first = posixpath.basename(said[0])
    return first in _RUNNERS or first.endswith((".sh", "entrypoint")) or said[0].startswith("/")


def _start(line: str, where: str, variables: Mapping[str, str], *, direct: bool) -> Start:
    said = words(expand(line, variables))
    after = next((n for n, word in enumerate(said) if STARTS.search(word)), 0)
    name = next(iter(said[after + 1 :]), "")
    is_file = bool(name) and not name.startswith(("-", ">", "&", "|", "2>", "}")) and not _NOT_A_FILE.search(name)
    return Start(
        line=line,
        where=where,
        sentinel="sentinel" in posixpath.basename(said[after] if said else "") or "--sentinel" in said,
        replaces=direct or bool(re.search(r"(?:^|[;&|{\s])exec\s", line)),
        file=name if is_file else "",
    )


def _unread(texts: list[Text], variables: Mapping[str, str]) -> bool:
    """Whether a script is named that is not here."""
    here = {text.name for text in texts} | {"docker-entrypoint.sh"}
    for text in texts:
        if text.is_file:
            continue
        for path in re.findall(r"[\w./${}-]+\.sh\b", expand(code(text.body), variables)):
            name = posixpath.basename(path)
            if name not in here and not name.startswith("$"):
                return True
    return False


def _copied(scripts: list[Text], variables: Mapping[str, str], out_of_reach: list[Mount]) -> bool:
    """Whether a script takes a configuration from a volume that is not there to be read."""
    said = [expand(code(text.body), variables) for text in scripts]
    for mount in out_of_reach:
        root = re.escape(mount.path.rstrip("/"))
        from_there = re.compile(rf"(?<![\w./-]){root}(?:/(?:[\w./${{}}-]*\.conf\S*|[\w./-]*\*|\.)?)?(?=[\s\"';)]|$)")
        if any(from_there.search(line) for text in said for line in text.splitlines() if _takes(line)):
            return True
    return False


def _takes(line: str) -> bool:
    return bool(re.search(r"\b(?:cp|cat|sed|awk|envsubst|mv|ln|tee|include|rsync|install)\b", line))
