"""What `workspace.yaml` names: loading it makes the demo's folders, where they are missing."""

from connector_healing.demo.project import demo_definitions

defs = demo_definitions()
