
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Chapter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='имя в адресе')),
                ('number', models.PositiveSmallIntegerField(verbose_name='номер')),
                ('title', models.CharField(max_length=200, verbose_name='название')),
                ('aim', models.TextField(verbose_name='о чём')),
            ],
            options={
                'verbose_name': 'глава',
                'verbose_name_plural': 'главы',
                'ordering': ('number',),
            },
        ),
        migrations.CreateModel(
            name='Recording',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False, verbose_name='SHA-256')),
                ('body', models.BinaryField(verbose_name='события, gzip')),
                ('events', models.PositiveIntegerField(verbose_name='событий')),
            ],
            options={
                'verbose_name': 'запись прогона',
                'verbose_name_plural': 'записи прогонов',
            },
        ),
        migrations.CreateModel(
            name='Lesson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='имя в адресе')),
                ('number', models.PositiveSmallIntegerField(verbose_name='номер в главе')),
                ('title', models.CharField(max_length=200, verbose_name='название')),
                ('aim', models.TextField(verbose_name='о чём')),
                ('status', models.CharField(choices=[('ready', 'готов'), ('planned', 'готовится')], default='ready', max_length=8, verbose_name='состояние')),
                ('minutes', models.PositiveSmallIntegerField(default=0, verbose_name='минут чтения')),
                ('has_demo', models.BooleanField(default=False, verbose_name='с демонстрацией')),
                ('has_exercise', models.BooleanField(default=False, verbose_name='с заданием')),
                ('html', models.TextField(blank=True, verbose_name='текст')),
                ('page', models.JSONField(blank=True, default=dict, verbose_name='блоки страницы')),
                ('spec', models.JSONField(blank=True, default=dict, verbose_name='демонстрация')),
                ('files', models.JSONField(blank=True, default=dict, verbose_name='открытые файлы')),
                ('private', models.JSONField(blank=True, default=dict, editable=False, verbose_name='закрытые файлы')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='отпечаток исходников')),
                ('loaded', models.DateTimeField(auto_now=True, verbose_name='загружен')),
                ('chapter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lessons', to='lessons.chapter', verbose_name='глава')),
                ('recording', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='lessons.recording', verbose_name='запись')),
            ],
            options={
                'verbose_name': 'урок',
                'verbose_name_plural': 'уроки',
                'ordering': ('chapter__number', 'number'),
            },
        ),
    ]
