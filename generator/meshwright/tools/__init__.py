"""kustomize, kubeconform and helm at their pinned versions: found, or installed into a cache."""

from meshwright.tools.finder import locate
from meshwright.tools.installer import Installer, ensure, install
from meshwright.tools.model import Tool, ToolNotFoundError, ToolOrigin

__all__ = ["Installer", "Tool", "ToolNotFoundError", "ToolOrigin", "ensure", "install", "locate"]
