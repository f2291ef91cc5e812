"""What registration asks beside the e-mail and the password."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest

from classroom.models import User


class SignupDetails(forms.Form):
    """The reader's name, optional. allauth mixes these fields into its own form."""

    name = forms.CharField(
        label="Как вас зовут",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="Имя увидят преподаватели; можно оставить пустым.",
    )

    field_order = ("email", "name", "password1", "password2")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"].strip()
        user.save(update_fields=("name",))
