/**
 * What a canvas shows: its own scope and, in place of cards, the blocks expanded on it. Each of
 * these scopes is a scene of its own, placed; the document knows nothing of it.
 */

import type { PortsOf } from '../document/ports';
import type { Document, Position } from '../document/types';
import type { Step } from '../state/editorPlace';
import type { Rect } from './geometry';
import type { Scene } from './scene';

/** One scope of what a canvas shows, at its place. */
export interface PlacedScope {
  /** From the canvas to this scope; empty for the canvas itself. */
  readonly steps: readonly Step[];
  /** The same as part of a path: `instance/inner/`. */
  readonly prefix: string;
  readonly scopeId: string | null;
  /** By ids of the document, at the places on the canvas. */
  readonly scene: Scene;
  /** The frame around it; null for the canvas itself. */
  readonly area: Rect | null;
  readonly toDocument: (drawn: Rect, id?: string) => Position;
  readonly toDrawn: (rect: Rect) => Rect;
}

export interface Stage {
  /** The canvas first, each before what lies in it. */
  readonly scopes: readonly PlacedScope[];
  /** All of it as one scene, by path. */
  readonly all: Scene;
}

export interface StageSource {
  readonly document: Document;
  readonly scopeId: string | null;
  readonly portsOf: PortsOf;
  /** Paths that are expanded, from this canvas on. */
  readonly expanded: ReadonlySet<string>;
  /** Room that every card has below its body. */
  readonly below: number;
}

/** Of all that is expanded, what lies on a page, from there on. */
export function expandedOn(page: string, expanded: ReadonlySet<string>): ReadonlySet<string> {
  const here = [...expanded].filter((path) => path.startsWith(page));
  return new Set(here.map((path) => path.slice(page.length)));
}

/** The innermost scope that is drawn at a point. */
export function scopeAt(stage: Stage, point: Position): PlacedScope | undefined {
  return stage.scopes.findLast(({ area }) => area === null || isWithin(area, point));
}

export function scopeOfPath(stage: Stage, path: string): PlacedScope | undefined {
  const prefix = path.slice(0, path.lastIndexOf('/') + 1);
  return stage.scopes.find((each) => each.prefix === prefix);
}

function isWithin({ x, y, width, height }: Rect, point: Position): boolean {
  return point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height;
}

