"""How allauth does things here."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter

from classroom.models import normalised


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """E-mails in one spelling, and messages that say what to do next."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "Не\u00a0подходит адрес или пароль. Проверьте раскладку клавиатуры.",
        "email_taken": "Этот адрес уже зарегистрирован. Войдите или восстановите пароль.",
        "too_many_login_attempts": "Слишком много попыток. Подождите пять минут или восстановите пароль.",
        "enter_current_password": "Введите нынешний пароль.",
        "incorrect_password": "Пароль не\u00a0подходит.",
        "unknown_email": "Такого адреса у\u00a0нас нет.",
        "account_inactive": "Этот вход закрыт. Напишите преподавателю.",
    }

    def clean_email(self, email: str) -> str:
        return normalised(str(super().clean_email(email)))
