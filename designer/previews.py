"""What a network would be, before it is made."""

from __future__ import annotations

from datasets.models import Dataset
from designer import schemas
from designer.starts import document_from_template
from netloom.analyze import Analysis, analyze
from netloom.graph.document import Document


def template_preview(template_id: str, dataset: Dataset | None) -> schemas.TemplatePreview:
    """Return a template fitted to the dataset with its costs, and what goes in and comes out.

    Raises:
        Problem: `invalid` for an unknown template.
    """
    document = document_from_template(template_id, dataset)
    analysis = analyze(document)
    return schemas.TemplatePreview(
        document=document,
        totals=analysis.totals,
        input_text=_shapes(document, analysis, at="input"),
        output_text=_shapes(document, analysis, at="output"),
    )


def _shapes(document: Document, analysis: Analysis, *, at: str) -> str:
    """Return the shapes at the ends of the network, e.g. `B × 3 × 64 × 64`."""
    graph = document.graph
    if at == "input":
        fed = {edge.target.node for edge in graph.edges.values()}
        found = [node_id for node_id in graph.nodes if node_id not in fed]
    else:
        outputs = [key for key, node in graph.nodes.items() if node.type == "Output"]
        source = {edge.target.node: edge.source.node for edge in graph.edges.values()}
        found = [source[key] for key in outputs if key in source]
    texts = [analysis.nodes[key].output_text for key in found if key in analysis.nodes]
    return ", ".join(dict.fromkeys(texts))
