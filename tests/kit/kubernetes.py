"""Kubernetes resources as `kubectl kustomize` renders them, and judges of them: the schemas of their kinds."""

import importlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from tests.kit.paths import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
OLDEST, NEWEST = "1.29", "1.37"
"""Releases whose schemas the resources are held against."""
_MODELS: Mapping[str, str] = {
    "keda.sh/v1alpha1": "cloudcoil.models.keda.v1alpha1",
    "monitoring.coreos.com/v1": "cloudcoil.models.prometheus_operator.v1",
}
"""By group and version of custom resources, their types as Python has them, made of the schemas of their authors."""


class SchemaFaultError(Exception):
    """A resource is not as its schema says."""


def kubectl_release() -> tuple[int, int]:
    """The major and minor release of kubectl."""
    said = json.loads(subprocess.check_output(["kubectl", "version", "--client", "--output=json"]))["clientVersion"]
    return int(said["major"]), int(said["minor"].rstrip("+"))


@cache
def resources(folder: Path) -> tuple[dict[str, Any], ...]:
    """What a kustomization renders."""
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def only(folder: Path, kind: str, name: str = "") -> dict[str, Any]:
    """The one of this kind, and of this name if it is given."""
    (found,) = (one for one in resources(folder) if one["kind"] == kind and name in ("", one["metadata"]["name"]))
    return found


def pods() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each workload of the base, and that which keeps tags, with its container."""
    for one in (*resources(KUBERNETES / "base"), *resources(KUBERNETES / "tags")):
        if "template" in one.get("spec", {}):
            (container,) = one["spec"]["template"]["spec"]["containers"]
            yield one, container


def judge(resource: Mapping[str, Any]) -> None:
    """Return if the resource is as its schema says, and has no field that its schema does not have.

    Raises:
        SchemaFaultError: it is not.
    """
    if resource["apiVersion"] in _MODELS:
        _judge_custom(resource)
        return
    for version in (OLDEST, NEWEST):
        try:
            kubernetes_validate.validate(resource, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            raise SchemaFaultError(f"{version}: {error}") from error


def _judge_custom(resource: Mapping[str, Any]) -> None:
    # By name, as the types are of hundreds of kinds: the type checker would read them all.
    module = importlib.import_module(_MODELS[resource["apiVersion"]])
    try:
        read = getattr(module, resource["kind"]).model_validate(resource)
    except ValueError as error:
        raise SchemaFaultError(str(error)) from error
    # A field that the type does not have is dropped, not refused.
    if read.model_dump(mode="json", by_alias=True, exclude_unset=True) != resource:
        raise SchemaFaultError(f"{resource['kind']}: a field that its schema does not have")
