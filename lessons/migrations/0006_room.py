from django.conf import settings
from django.db import migrations, models


def measure(apps, schema_editor):
    versions = apps.get_model("lessons", "CodeVersion").objects
    for pk, text in versions.values_list("pk", "text").iterator(chunk_size=200):
        versions.filter(pk=pk).update(size=len(text.encode()))


class Migration(migrations.Migration):

    dependencies = [
        ("lessons", "0005_quotas"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="codeversion",
            name="size",
            field=models.PositiveIntegerField(default=0, verbose_name="байт"),
        ),
        migrations.RunPython(measure, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="codeversion",
            index=models.Index(fields=["user", "guest", "size"], name="version_room"),
        ),
    ]
