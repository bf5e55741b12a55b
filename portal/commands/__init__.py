"""The commands of the operator by what they are about; `portal.cli` is where they are typed."""
