"""Django REST framework with its own TokenAuthentication at /drf, and with django-rest-knox at /knox."""

from django.urls import path
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class Check(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response(status=204, headers={"X-User": str(request.user.pk)})


urlpatterns = [
    path("drf", Check.as_view(authentication_classes=[TokenAuthentication])),
    path("knox", Check.as_view(authentication_classes=[KnoxTokenAuthentication])),
]
