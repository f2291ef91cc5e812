"""The one kind of person the site knows: a user who signs in by e-mail."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


def normalised(email: str) -> str:
    """The one spelling of an address we keep: no outer spaces, lower case throughout.

    RFC 5321 lets the part before @ be case-sensitive; no mail service in use is, and people type
    their address differently on a phone.
    """
    return email.strip().lower()


class UserManager(BaseUserManager["User"]):
    """Creates users; the e-mail is normalised on the way in and on look-up at login."""

    use_in_migrations = True

    def _create(self, email: str, password: str | None, **fields: Any) -> User:
        if not email.strip():
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=normalised(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields.setdefault("is_staff", False)
        fields.setdefault("is_superuser", False)
        return self._create(email, password, **fields)

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        fields["is_staff"] = True
        fields["is_superuser"] = True
        return self._create(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalised(username or ""))

    async def aget_by_natural_key(self, username: str | None) -> User:
        return await self.aget(email=normalised(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A learner or an instructor. `name` is shown to others; the e-mail never is."""

    email = models.EmailField("электронная почта", unique=True)
    name = models.CharField("имя", max_length=80, blank=True)
    is_active = models.BooleanField(
        "активен",
        default=True,
        help_text="Снимите вместо удаления: человек не сможет войти, работы останутся.",
    )
    is_staff = models.BooleanField("доступ к управлению", default=False)
    date_joined = models.DateTimeField("дата регистрации", default=timezone.now)
    runs_at_once = models.PositiveSmallIntegerField(
        "прогонов одновременно", null=True, blank=True, help_text="Пусто — как у всех."
    )
    runs_per_hour = models.PositiveSmallIntegerField(
        "прогонов в час", null=True, blank=True, help_text="Пусто — как у всех."
    )
    cpu_per_hour = models.PositiveIntegerField(
        "процессорных секунд в час", null=True, blank=True, help_text="Пусто — как у всех."
    )

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "пользователь"
        verbose_name_plural = "пользователи"
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_once",
                violation_error_message="Такой адрес уже зарегистрирован.",
            ),
        )
        permissions = (("raise_quota", "Может менять квоту прогонов"),)

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = normalised(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = normalised(self.email)
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email.partition("@")[0]
