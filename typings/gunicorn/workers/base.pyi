import socket

from gunicorn.app.base import BaseApplication

class Worker:
    alive: bool
    app: BaseApplication
    sockets: list[socket.socket]
    def handle_quit(self, sig: int, frame: object) -> None: ...
