from gunicorn.workers.base import Worker

class ThreadWorker(Worker):
    def set_accept_enabled(self, enabled: bool) -> None: ...
