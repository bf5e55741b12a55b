"""Every socket takes a file descriptor, of which a process may have so many: looked at when it starts."""

import resource

# The database, the log, what refuses those who are too many, and those who are about to leave.
SPARE = 500


def room_for(sockets: int) -> int:
    """How many of these `sockets` this process may have. It takes what the system allows it to take by itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = sockets + SPARE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return sockets if soft == resource.RLIM_INFINITY else max(1, min(sockets, soft - SPARE))
