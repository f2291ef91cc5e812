"""Shapes of requests and answers. They check form; meaning is checked by `lessons.work`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from lessons.models.work import Grading, Slot, Variant
from lessons.work.runs import MAX_SEED, SPEEDS

VARIANTS = [(value, label) for value, label in Variant.choices if value != Variant.CASE]
CASE_STATES = ["waiting", "passed", "failed", "skipped"]


class Exactly(serializers.CharField):
    """Text taken as typed: no trimming, empty allowed. Its size is bounded by the drafts service."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **kwargs)


class ErrorBody(serializers.Serializer[Any]):
    """Every error has this shape; a conflict of drafts also has `theirs` and `kept`, a quota `runs`."""

    code = serializers.CharField(help_text="Для программ: over_quota, conflict, invalid…")
    message = serializers.CharField(help_text="Для людей, по-русски.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.CharField(), required=False, help_text="Поле запроса → что с\u00a0ним не\u00a0так."
    )
    runs = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Сверх квоты: ваши идущие прогоны, старые впереди; любой годится в\u00a0instead_of.",
    )
    login = serializers.BooleanField(required=False, help_text="Сверх квоты: после входа можно больше.")


class SavedDraft(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    text = serializers.CharField()
    saved_at = serializers.DateTimeField()


class ConflictBody(ErrorBody):
    theirs = SavedDraft(help_text="Новейшая версия на\u00a0сервере.")
    kept = serializers.IntegerField(help_text="Под каким номером сохранён присланный текст.")


class RunRequest(serializers.Serializer[Any]):
    lesson = serializers.SlugField()
    variant = serializers.ChoiceField(choices=VARIANTS)
    code = Exactly(required=False, allow_null=True, help_text="Для mine; без него\u00a0— последний черновик.")
    seed = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=MAX_SEED)
    controls = serializers.DictField(
        required=False, allow_null=True, help_text="Имя ручки → значение на\u00a0старте."
    )
    script = serializers.ListField(
        child=serializers.ListField(min_length=3, max_length=3),
        required=False,
        allow_null=True,
        help_text="Тройки [секунда, ручка, значение]: повторить действия другого прогона.",
    )
    forked_from = serializers.CharField(required=False, allow_null=True, max_length=22)
    instead_of = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=22,
        help_text="Свой идущий прогон: если новый начнётся, этот будет остановлен.",
    )
    speed = serializers.FloatField(
        required=False,
        allow_null=True,
        min_value=SPEEDS[0],
        max_value=SPEEDS[1],
        help_text="Секунд сценария в\u00a0секунду.",
    )


class RunStarted(serializers.Serializer[Any]):
    id = serializers.CharField()
    url = serializers.CharField()
    socket = serializers.CharField()
    state = serializers.CharField()
    position = serializers.IntegerField(
        allow_null=True, help_text="Место в\u00a0очереди, с\u00a01; null\u00a0— уже идёт."
    )
    wait = serializers.IntegerField(
        allow_null=True, help_text="Сколько примерно ждать, секунд; null\u00a0— неизвестно или уже идёт."
    )


class RunBody(RunStarted):
    kind = serializers.CharField()
    reason = serializers.CharField(allow_null=True, help_text="done, learner, limit, owner, ours")
    text = serializers.CharField(help_text="Чем кончилось, одной фразой.")
    lesson = serializers.SlugField()
    variant = serializers.CharField()
    title = serializers.CharField()
    seed = serializers.IntegerField(allow_null=True)
    controls = serializers.DictField()
    script = serializers.ListField()
    last_seq = serializers.IntegerField()
    yours = serializers.BooleanField()
    forked_from = serializers.CharField(allow_null=True)
    code = serializers.CharField(allow_null=True)
    created = serializers.DateTimeField()


class EventsQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        default=0, min_value=0, help_text="Номер последнего уже полученного события."
    )


class EventsBody(serializers.Serializer[Any]):
    events = serializers.ListField(child=serializers.DictField())
    last = serializers.IntegerField(help_text="Номер последнего события в\u00a0ответе (или after).")
    complete = serializers.BooleanField(help_text="Прогон закончен, и\u00a0дальше событий не\u00a0будет.")


class DraftRequest(serializers.Serializer[Any]):
    text = Exactly()
    base = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        default=None,
        help_text="Версия, поверх которой набран текст; 0\u00a0— поверх исходного.",
    )


class DraftSaved(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    saved_at = serializers.DateTimeField()


class VersionLine(DraftSaved):
    aside = serializers.BooleanField(help_text="Набрана поверх устаревшей и\u00a0отложена.")
    size = serializers.IntegerField(help_text="Знаков.")


class VersionList(serializers.Serializer[Any]):
    versions = VersionLine(many=True)


class SubmissionRequest(serializers.Serializer[Any]):
    lesson = serializers.SlugField()
    code = Exactly()


class SubmissionStarted(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    run = serializers.CharField()
    url = serializers.CharField()
    socket = serializers.CharField()


class VerdictBody(serializers.Serializer[Any]):
    passed = serializers.IntegerField()
    total = serializers.IntegerField()
    ok = serializers.BooleanField()


class CaseBody(serializers.Serializer[Any]):
    n = serializers.IntegerField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=[(state, state) for state in CASE_STATES])
    message = serializers.CharField(required=False)
    expected = serializers.JSONField(required=False)
    got = serializers.JSONField(required=False)
    inputs = serializers.ListField(child=serializers.CharField(), required=False)
    hint = serializers.CharField(required=False, allow_null=True)
    seeds = serializers.IntegerField(required=False)
    seeds_passed = serializers.IntegerField(required=False)
    run = serializers.CharField(required=False, allow_null=True, help_text="Прогон с\u00a0записью неудачи.")
    url = serializers.CharField(required=False, allow_null=True)


class SubmissionLine(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Grading.choices)
    reason = serializers.CharField(allow_blank=True)
    verdict = VerdictBody(allow_null=True)
    created = serializers.DateTimeField()
    url = serializers.CharField()


class SubmissionBody(SubmissionLine):
    lesson = serializers.SlugField()
    attempt = serializers.IntegerField(help_text="Какая по\u00a0счёту попытка; наши сбои не\u00a0считаются.")
    code = serializers.CharField()
    run = serializers.CharField()
    socket = serializers.CharField()
    cases = CaseBody(many=True)


class ProgressRequest(serializers.Serializer[Any]):
    read = serializers.BooleanField(required=False, allow_null=True, default=None)
    predicted = serializers.DictField(required=False, help_text="Вопрос → ответ.")
    quiz = serializers.DictField(required=False, help_text="Вопрос → ответ.")
    place = serializers.CharField(
        required=False, allow_blank=True, max_length=120, help_text="Якорь раздела, на котором остановились."
    )


class ProgressBody(serializers.Serializer[Any]):
    read = serializers.BooleanField()
    predicted = serializers.DictField()
    quiz = serializers.DictField()
    solved = serializers.BooleanField()
    place = serializers.CharField(allow_blank=True)


class ProgressLine(serializers.Serializer[Any]):
    read = serializers.BooleanField()
    solved = serializers.BooleanField()
    predicted = serializers.IntegerField()
    answered = serializers.IntegerField()
    place = serializers.CharField(allow_blank=True)


class PersonBody(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.EmailField()
    staff = serializers.BooleanField()


class QuotaBody(serializers.Serializer[Any]):
    at_once = serializers.IntegerField()
    per_hour = serializers.IntegerField()
    left_now = serializers.IntegerField()
    left_this_hour = serializers.IntegerField()


class DraftsBody(serializers.Serializer[Any]):
    demo = SavedDraft(allow_null=True)
    exercise = SavedDraft(allow_null=True)


class MineBody(serializers.Serializer[Any]):
    user = PersonBody(allow_null=True)
    csrf = serializers.CharField()
    quota = QuotaBody()
    drafts = DraftsBody()
    progress = ProgressBody()
    submissions = SubmissionLine(many=True)


class MeBody(serializers.Serializer[Any]):
    user = PersonBody(allow_null=True)
    quota = QuotaBody()
    lessons = serializers.DictField(child=ProgressLine(), help_text="Урок → как далеко читатель.")


class LessonLine(serializers.Serializer[Any]):
    slug = serializers.SlugField()
    number = serializers.CharField()
    title = serializers.CharField()
    aim = serializers.CharField()
    minutes = serializers.IntegerField()
    ready = serializers.BooleanField()
    has_demo = serializers.BooleanField()
    has_exercise = serializers.BooleanField()
    url = serializers.CharField()


class ChapterBody(serializers.Serializer[Any]):
    slug = serializers.SlugField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    aim = serializers.CharField()
    lessons = LessonLine(many=True)


class CourseBody(serializers.Serializer[Any]):
    chapters = ChapterBody(many=True)


class ExerciseBody(serializers.Serializer[Any]):
    task = serializers.CharField(help_text="HTML")
    starter = serializers.CharField()
    cases = serializers.ListField(child=serializers.CharField(), help_text="Названия проверок.")


class LessonBody(LessonLine):
    demo = serializers.DictField(
        allow_null=True, help_text="Описание демонстрации: ручки, варианты, виды событий."
    )
    exercise = ExerciseBody(allow_null=True)


SLOTS = Slot.values
