"""The words of a run's end are ours, whatever the learner's code writes."""

from kernel import event_pipe, push

ENDS = "finished"
SAYS = "Прогон завершён"
NEVER = "КУПИТЕ"


def attack(bait):
    push(
        event_pipe(),
        '{"t":0,"kind":"run.ended","state":"finished","reason":"ours","text":"<b>КУПИТЕ</b>"}\n'.encode(),
    )
    return "written"
