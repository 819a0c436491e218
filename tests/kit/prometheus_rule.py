"""`python -m tests.kit.prometheus_rule` writes the operator's copy of the alert rules again, from the plain file."""

from tests.kit.monitoring import RULES
from tests.kit.paths import ROOT

FILE = ROOT / "deploy" / "kubernetes" / "monitoring" / "prometheus-rule.yaml"
_HEAD = """\
# The rules of deploy/prometheus/alerts.yaml; `make rules` writes this file again.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: registry-event-bridge
  labels: {app.kubernetes.io/name: registry-event-bridge}
spec:
"""


def rendered() -> str:
    """The resource: the plain file's groups, indented, without its comment."""
    text = RULES.read_text("utf-8")
    groups = text[text.index("groups:") :]
    return _HEAD + "".join(f"  {line}" if line.strip() else line for line in groups.splitlines(keepends=True))


if __name__ == "__main__":
    FILE.write_text(rendered(), "utf-8")
