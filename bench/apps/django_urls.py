"""The one page of the Django peers. Imported by Django itself, once it is set up."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Me(APIView):
    """Who calls."""

    def get(self, request: Request) -> Response:
        return Response({"id": request.user.id, "name": request.user.username})


urlpatterns = [path("me", Me.as_view())]
