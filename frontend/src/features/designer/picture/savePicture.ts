/** Pictures of the open page as files and on paper. */

import { downloadBlob } from '@/ui';
import { partOf } from '../canvas/part';
import { makeScene, type Scene } from '../canvas/scene';
import { arrange } from '../canvas/arrangeStage';
import { place } from '../canvas/placeStage';
import { expandedOn } from '../canvas/stage';
import { asUsed } from '../document/asUsed';
import { lookup } from '../document/records';
import { portsOfDesigner, type Designer } from '../state/DesignerContext';
import { display, outputText } from '../state/display';
import { pagePrefixOf, pathPrefixOf } from '../state/editorPlace';
import { drawPicture, type Picture } from './svg';

const SVG_TYPE = 'image/svg+xml';

/**
 * The page as the canvas shows it, blocks expanded in place; or only `nodeIds` of the scope that is
 * edited, and the connections among them.
 */
export function pictureOf(designer: Designer, nodeIds: ReadonlySet<string> | null): Picture {
  const { editor, catalog, live } = designer;
  const { document } = editor.state;
  const prefix = nodeIds === null ? pagePrefixOf(editor.state) : pathPrefixOf(editor.state);
  const { nodes } = live.store.getState();
  const { isChannelsLast } = display.getState();
  return drawPicture({
    title: titleOf(designer),
    scene: nodeIds === null ? pageOf(designer) : partOf(scopeOf(designer), nodeIds),
    catalog,
    blockName: (blockId) => lookup(document.graph.blocks, blockId)?.name,
    nodeOf: (path) => asUsed(document, prefix + path),
    shapeOf: (nodeId) => outputText(lookup(nodes, prefix + nodeId), isChannelsLast),
  });
}

function scopeOf(designer: Designer): Scene {
  const { editor } = designer;
  const { document } = editor.state;
  return makeScene(document, editor.scopeId, editor.scope, portsOfDesigner(designer));
}

function pageOf(designer: Designer): Scene {
  const { document, trail, depth, expanded } = designer.editor.state;
  const arranged = arrange({
    document,
    scopeId: trail[depth - 1]?.blockId ?? null,
    portsOf: portsOfDesigner(designer),
    expanded: expandedOn(pagePrefixOf(designer.editor.state), expanded),
    below: 0,
  });
  return place(arranged).all;
}

function titleOf({ editor }: Designer): string {
  const { document, trail } = editor.state;
  const blocks = trail.map(({ blockId }) => lookup(document.graph.blocks, blockId)?.name ?? 'Block');
  return [document.graph.name, ...blocks].join(' - ');
}

export function saveSvg(designer: Designer, nodeIds: ReadonlySet<string> | null): void {
  const { svg } = pictureOf(designer, nodeIds);
  downloadBlob(`${titleOf(designer)}.svg`, new Blob([svg], { type: SVG_TYPE }));
  designer.editor.announce('Saved as SVG');
}

export async function savePng(
  designer: Designer,
  nodeIds: ReadonlySet<string> | null,
): Promise<void> {
  const blob = await rasterised(pictureOf(designer, nodeIds));
  if (blob === null) {
    designer.editor.say('The picture is too large for this browser. Save it as SVG instead.');
    return;
  }
  downloadBlob(`${titleOf(designer)}.png`, blob);
  designer.editor.announce('Saved as PNG');
}

/** Twice as sharp as on screen, as long as a canvas can hold that. */
const SHARPNESS = 2;
const MOST_SIDE_PX = 16_000;
const MOST_AREA_PX = 64_000_000;

export function pngScale({ width, height }: Pick<Picture, 'width' | 'height'>): number {
  const area = Math.sqrt(MOST_AREA_PX / (width * height));
  return Math.min(SHARPNESS, MOST_SIDE_PX / width, MOST_SIDE_PX / height, area);
}

/** The picture as an image that can be shown, and what gives its memory back. */
export async function loadedImage(
  picture: Picture,
): Promise<{ image: HTMLImageElement; release: () => void }> {
  const url = URL.createObjectURL(new Blob([picture.svg], { type: SVG_TYPE }));
  const release = (): void => URL.revokeObjectURL(url);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch (error) {
    release();
    throw error;
  }
  return { image, release };
}

async function rasterised(picture: Picture): Promise<Blob | null> {
  const scale = pngScale(picture);
  const { image, release } = await loadedImage(picture);
  try {
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.floor(picture.width * scale));
    canvas.height = Math.max(1, Math.floor(picture.height * scale));
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  } finally {
    release();
  }
}
