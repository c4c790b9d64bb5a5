"""The last step before a part starts: gives up root, and ends when its parent does.

Run as a script of its own by ``privileges.confined`` and imports nothing of ours, so
that it costs some 20 ms and works where only Python itself can be read.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import sys

NO_WAY_IN = 120
"""Exit code when the folders could not be made enterable or root not given up."""

# From linux/sched.h, linux/mount.h and linux/prctl.h.
_CLONE_NEWNS = 0x20000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_MS_NOSUID, _MS_NODEV = 0x2, 0x4
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_OPEN_FILES = 65536
_NO_CORE = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def open_ways(ways: dict[str, list[str]]) -> None:
    """Make folders enterable at their own paths, for this process and its children.

    A folder that shuts others out (``/root``) is covered by an empty one of mode 0755
    in a mount namespace of our own, and in it stands only what is needed. Nothing
    changes for the rest of the machine, paths stay what they are, and what else lies
    in the covered folder is out of sight.
    """
    _call("unshare", _CLONE_NEWNS)
    _keep_to_ourselves()
    for shut, needed in ways.items():
        held = {path: os.open(path, os.O_PATH) for path in needed}
        flags = _MS_NOSUID | _MS_NODEV
        _call("mount", b"tmpfs", shut.encode(), b"tmpfs", flags, b"mode=755,size=1m")
        for path, handle in held.items():
            os.makedirs(path, mode=0o755, exist_ok=True)  # noqa: PTH103 - imports cost
            source = f"/proc/self/fd/{handle}".encode()
            _call("mount", source, path.encode(), None, _MS_BIND | _MS_REC, None)
            os.close(handle)


def _keep_to_ourselves() -> None:
    try:
        _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    except OSError as error:
        # In a chroot / need not be a mount, and then it cannot be told to keep what
        # is mounted from others; where it has no others, it keeps it anyhow.
        if error.errno != errno.EINVAL or _tells_others():
            raise


def _tells_others() -> bool:
    # Process 1 sees the mounts above a chroot as well.
    with open("/proc/1/mountinfo", encoding="utf-8") as mounts:  # noqa: PTH123 - imports cost
        return any(" shared:" in line for line in mounts)


def give_up_root(uid: int, gid: int) -> None:
    """Become another user, with no group but their own, for good."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def main() -> None:
    """Do what the first argument says, then become the program that follows it."""
    plan, argv = json.loads(sys.argv[1]), sys.argv[2:]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = most if most == resource.RLIM_INFINITY else min(most, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    # Memory holds keys, passwords and what callers key in. With 0 a kernel that pipes
    # cores to a program would do so still; with 1 it does neither (core(5)).
    resource.setrlimit(resource.RLIMIT_CORE, (_NO_CORE, _NO_CORE))
    try:
        if plan["ways"]:
            os.umask(0o022)  # the way to a folder must be enterable
            open_ways(plan["ways"])
        if plan["user"]:
            give_up_root(*plan["user"])
            os.umask(0o027)
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # After the change of user, which would clear it.
        _call("prctl", _PR_SET_PDEATHSIG, plan["end_by"], 0, 0, 0)
        if os.getppid() != plan["parent"]:
            os.kill(os.getpid(), signal.SIGKILL)  # it ended before we asked
        os.execve(argv[0], argv, os.environ)  # noqa: S606 - this is what we are for
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error}\n")
        sys.exit(NO_WAY_IN)


if __name__ == "__main__":
    main()
