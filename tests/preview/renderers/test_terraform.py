"""Plans of Terraform: what is destroyed comes first, and summaries that lie are caught."""

import json

import pytest

from tests.preview.renderers.calls import findings, rendered, text_of

TEXT = """Terraform will perform the following actions:

  # aws_instance.web will be created
  + resource "aws_instance" "web" {
    }

  # module.db.aws_db_instance.main must be replaced
-/+ resource "aws_db_instance" "main" {
    }

  # aws_s3_bucket.logs will be destroyed
  - resource "aws_s3_bucket" "logs" {
    }

Plan: 2 to add, 0 to change, 2 to destroy.
"""


def plan(*changes: tuple[str, list[str]]) -> dict[str, object]:
    listed = [
        {"address": name, "change": {"actions": actions}} for name, actions in changes
    ]
    return {"resource_changes": listed}


MIXED = plan(
    ("aws_instance.new", ["create"]),
    ("aws_instance.kept", ["no-op"]),
    ("aws_vpc.main", ["update"]),
    ("aws_lb.front", ["delete", "create"]),
    ("aws_db_instance.main", ["delete"]),
)


@pytest.mark.parametrize("sent", [{"plan": MIXED}, {"plan": json.dumps(MIXED)}, MIXED])
def test_a_plan_lists_what_is_destroyed_and_replaced_first(sent: dict[str, object]) -> None:
    shown = text_of(rendered("terraform_apply", sent))
    assert "Plan: 1 to destroy, 1 to replace, 1 to update, 1 to create" in shown
    assert (
        "[What the plan does]\n-destroy aws_db_instance.main\n-replace aws_lb.front\n"
        " update aws_vpc.main\n+create aws_instance.new" in shown
    )


def test_a_plan_as_text_is_read_by_its_lines() -> None:
    shown = text_of(rendered("post_plan", {"plan": TEXT}))
    assert "Plan: 1 to destroy, 1 to replace, 1 to create" in shown
    assert "but its lines say" not in findings("post_plan", {"plan": TEXT})


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("x", {"plan": MIXED}, "danger: aws_db_instance.main is destroyed."),
        ("x", {"plan": MIXED}, "danger: aws_lb.front is destroyed and made anew."),
        ("x", {"plan": MIXED}, "aws_db_instance.main may hold data"),
        (
            "x",
            {"plan": TEXT.replace("2 to destroy", "0 to destroy")},
            "but its lines say 2, 0 and 2",
        ),
        (
            "x",
            {"plan": TEXT.replace("  # aws_s3", "\x1b[1m  # aws_s3")},
            "aws_s3_bucket.logs is",
        ),
        ("x", {"plan": TEXT + "prevent_destroy = false\n"}, "what protects from deletion"),
        (
            "x",
            {"plan": TEXT + "deletion_protection = false\n"},
            "what protects from deletion",
        ),
        ("terraform_apply", {"plan": '{"resource_changes": ['}, "no JSON that can be read"),
        (
            "terraform_destroy",
            {"workingDirectory": "/w"},
            "destroys all that this configuration",
        ),
        ("terraform", {"command": "apply", "args": ["-destroy"]}, "destroys all that"),
        ("terraform", {"command": "apply -auto-approve"}, "does not ask again"),
        ("terraform", {"command": "state rm aws_x.y"}, "the record of what exists"),
        ("terraform", {"command": "apply", "args": ["-lock=false"]}, "passes by the lock"),
        ("terraform", {"command": "apply", "args": ["-replace=a.b"]}, "makes it anew"),
        ("x", plan(("aws_iam_role.x", ["update"])), "Who may do or reach what changes"),
        (
            "x",
            plan(*[(f"a.b{n}", ["delete"]) for n in range(9)]),
            "and 6 more are destroyed",
        ),
    ],
)
def test_what_a_plan_takes_away_is_found(
    tool: str, arguments: dict[str, object], words: str
) -> None:
    assert words in findings(tool, arguments)


def test_a_secret_in_a_plan_sent_as_text_keeps_its_mask() -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    sent = {"plan": json.dumps(plan((f'a.b["{token}"]', ["delete"])))}
    said = findings("terraform_apply", sent) + text_of(rendered("terraform_apply", sent))
    assert said.count("⟦redacted 40 chars tag") == 2
    assert "U+F0000" not in said


def test_a_change_without_a_name_is_listed() -> None:
    sent = {"resource_changes": [{"change": {"actions": ["delete"]}}, {}]}
    assert "something without a name is destroyed." in findings("x", sent)
