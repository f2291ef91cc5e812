#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from coursesite.environment import BadSetting

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coursesite.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except BadSetting as bad:
        sys.exit(f"Настройка не годится: {bad}")
