from gunicorn.app.base import BaseApplication

class Worker:
    app: BaseApplication
