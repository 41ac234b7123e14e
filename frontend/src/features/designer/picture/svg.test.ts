import { describe, expect, it } from 'vitest';
import { partOf } from '../canvas/part';
import { makeScene } from '../canvas/scene';
import { arrange } from '../canvas/arrangeStage';
import { place } from '../canvas/placeStage';
import { applyOperations } from '../document/apply';
import { groupIntoBlock } from '../document/groupBlock';
import { portsFor, residual } from '../document/testDocument';
import { makeNode, type Document, type Edge, type Node } from '../document/types';
import { makeCatalog } from '../state/catalog';
import type { LayerDescription } from '../state/contract';
import { pngScale } from './savePicture';
import { drawPicture, escaped } from './svg';

const [layers] = Object.values(
  import.meta.glob<LayerDescription[]>('../../../../../schema/layers.json', {
    eager: true,
    import: 'default',
  }),
);
const catalog = makeCatalog(layers ?? []);

function picture(document: Document, nodeIds: ReadonlySet<string> | null = null, title = 'Network') {
  const scene = makeScene(document, null, document.graph, portsFor(document));
  return drawPicture({
    title,
    scene: nodeIds === null ? scene : partOf(scene, nodeIds),
    catalog,
    blockName: () => undefined,
    shapeOf: (id) => (id === 'conv' ? 'B × 8 × 32 × 32' : ''),
  });
}

function parsed(svg: string): XMLDocument {
  const document = new DOMParser().parseFromString(svg, 'application/xml');
  expect(document.querySelector('parsererror')).toBeNull();
  return document;
}

function chain(count: number): Document {
  const base = residual();
  const ids = Array.from({ length: count }, (_, index) => `n${index}`);
  const nodes: Record<string, Node> = {};
  const edges: Record<string, Edge> = {};
  for (const [index, id] of ids.entries()) {
    nodes[id] = makeNode('ReLU', `relu_${index}`);
    if (index > 0) {
      const source = { node: `n${index - 1}`, port: 'output' };
      edges[`e${index}`] = { source, target: { node: id, port: 'input' } };
    }
  }
  return { ...base, graph: { ...base.graph, nodes, edges }, view: { positions: {}, frames: {} } };
}

describe('the picture of a network', () => {
  it('has every layer, connection and shape, and parses', () => {
    const xml = parsed(picture(residual()).svg);
    const texts = [...xml.querySelectorAll('text')].map(({ textContent }) => textContent);
    for (const name of ['image', 'conv', 'relu', 'add', 'output']) expect(texts).toContain(name);
    expect(texts).toContain('B × 8 × 32 × 32');
    expect(xml.querySelectorAll('g[fill="none"] > path')).toHaveLength(5);
  });

  it('draws a block that is expanded with what lies in it', () => {
    const document = residual();
    const grouped = groupIntoBlock(document, null, ['relu', 'add'], 'Inner', portsFor(document));
    if ('refused' in grouped) throw new Error(grouped.refused);
    const made = applyOperations(document, grouped.operations).document;
    const expanded = new Set(grouped.nodeIds);
    const arranged = { document: made, scopeId: null, portsOf: portsFor(made), expanded, below: 0 };
    const { svg } = drawPicture({
      title: 'Network',
      scene: place(arrange(arranged)).all,
      catalog,
      blockName: () => 'Inner',
      nodeOf: (path) => (path.endsWith('/relu') ? makeNode('ReLU', 'as_used') : undefined),
      shapeOf: () => '',
    });
    const texts = [...parsed(svg).querySelectorAll('text')].map(({ textContent }) => textContent);
    expect(texts).toEqual(expect.arrayContaining(['conv', 'Inner', 'as_used', 'add', 'output']));
    expect(svg.match(/expanded<\/title>/g)).toHaveLength(1);
  });

  it('points at the marked layers and at no other', () => {
    const document = residual();
    const scene = makeScene(document, null, document.graph, portsFor(document));
    const plain = { title: 'Network', scene, catalog, blockName: () => undefined, shapeOf: () => '' };
    const outlines = (svg: string) =>
      [...parsed(svg).querySelectorAll('g > rect[rx="6"]')].map((card) => ({
        title: card.previousElementSibling?.textContent.split(',')[0],
        width: card.getAttribute('stroke-width'),
      }));
    expect(outlines(drawPicture(plain).svg).every(({ width }) => width === null)).toBe(true);
    const marked = outlines(drawPicture({ ...plain, marked: new Set(['conv']) }).svg);
    expect(marked.filter(({ width }) => width !== null).map(({ title }) => title)).toEqual(['conv']);
  });

  it('writes text as text, whatever is in it', () => {
    const title = '<script>alert("1")</script> & \u0000\u0007end';
    const { svg } = picture(residual(), null, title);
    expect(svg).not.toContain('<script');
    expect(parsed(svg).querySelector('title')?.textContent).toBe(
      '<script>alert("1")</script> & end',
    );
    expect(escaped(`a'b\ud800`)).toBe('a&#39;b');
  });

  it('shows a selection alone, in a frame that fits it', () => {
    const whole = picture(residual());
    const part = picture(residual(), new Set(['conv', 'relu']));
    const xml = parsed(part.svg);
    expect(xml.querySelectorAll('g[transform]')).toHaveLength(2);
    expect(xml.querySelectorAll('g[fill="none"] > path')).toHaveLength(1);
    expect(part.width).toBeLessThan(whole.width);
  });

  it('draws a thousand layers', () => {
    const { svg } = picture(chain(1000));
    expect(svg.match(/>relu_\d+<\/text>/g)).toHaveLength(1000);
    expect(svg.match(/<path d="M[^"]*[CL]/g)).toHaveLength(999);
  });

  it('becomes a PNG that a canvas can hold', () => {
    expect(pngScale({ width: 1000, height: 500 })).toBe(2);
    const scale = pngScale({ width: 216_000, height: 140 });
    expect(216_000 * scale).toBeLessThanOrEqual(16_000);
  });
});
