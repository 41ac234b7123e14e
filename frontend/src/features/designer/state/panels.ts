/** What is open around the canvas. Kept for the session, not part of the document. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Document, Endpoint, Position } from '../document/types';
import type { SurgeryTarget } from './surgery';

export type BottomTab =
  | 'layers'
  | 'problems'
  | 'code'
  | 'versions'
  | 'comments'
  | 'outline'
  | 'import';

/** Where the search-to-insert is open, and what its choice is connected to. */
export interface InsertMenu {
  /** In pixels of the canvas element. */
  readonly at: Position;
  /** In document pixels: where the node goes. */
  readonly position: Position;
  readonly link: { readonly end: Endpoint; readonly direction: 'after' | 'before' } | null;
  readonly edgeId: string | null;
}

export interface ContextMenu {
  readonly at: Position;
  readonly kind: 'node' | 'edge' | 'canvas';
}

/** An act of surgery whose dialog is open. */
export interface OpenSurgery {
  readonly act: string;
  readonly target: SurgeryTarget;
}

/** A layer that is being connected, or taken off, by choosing from a list. */
export interface OpenConnect {
  readonly act: 'connect' | 'disconnect';
  readonly nodeId: string;
}

export interface PanelsState {
  readonly bottom: BottomTab;
  readonly isBottomOpen: boolean;
  readonly isPaletteOpen: boolean;
  readonly insertMenu: InsertMenu | null;
  readonly contextMenu: ContextMenu | null;
  readonly surgery: OpenSurgery | null;
  readonly connecting: OpenConnect | null;
  readonly isNamingVersion: boolean;
  readonly isTraining: boolean;
  readonly isExporting: boolean;
  readonly isLoadingWeights: boolean;
  readonly isShortcutsOpen: boolean;
  /** The search in the network is open; each further request for it counts up. */
  readonly finding: number;
  /** The name field of the property panel wants the keyboard. */
  readonly focusName: number;
  /** The field of this parameter wants the keyboard as soon as it is there. */
  readonly focusParam: string | null;
  /** The connection that is pointed at. */
  readonly hoveredEdge: string | null;
}

/** What the canvas can do for commands that live outside it. */
export interface CanvasHandle {
  fit(): void;
  /** Show all of a rectangle of the scope that is edited. */
  frame(rect: Position & { readonly width: number; readonly height: number }): void;
  zoomBy(factor: number): void;
  zoomTo(zoom: number): void;
  /** Layers that are gone are looked for in `earlier`. */
  reveal(nodeIds: readonly string[], earlier?: Document): void;
  centre(): Position;
  /** The middle of the canvas element, in its own pixels. */
  middle(): Position;
  toDocument(point: Position): Position;
  /** In pixels of the canvas element: where a place of the edited scope is seen. */
  toScreen(place: Position): Position;
  /** Lay out these layers where they are, all others staying; null for everything. */
  tidy(nodeIds: readonly string[] | null): void;
  /** Give the keyboard back to where the network is edited. */
  focus(): void;
}

const SAVED = 'netloom-designer-panels';

export class Panels {
  readonly store: StoreApi<PanelsState>;
  canvas: CanvasHandle | null = null;
  /** Where the keyboard goes back to instead of the canvas: the outline, while that is in use. */
  home: HTMLElement | null = null;

  constructor() {
    const saved = readSaved();
    this.store = createStore<PanelsState>(() => ({
      bottom: saved.bottom,
      isBottomOpen: saved.isBottomOpen,
      isPaletteOpen: wide().matches,
      insertMenu: null,
      contextMenu: null,
      surgery: null,
      connecting: null,
      isNamingVersion: false,
      isTraining: false,
    isExporting: false,
      isLoadingWeights: false,
      isShortcutsOpen: false,
      finding: 0,
      focusName: 0,
      focusParam: null,
      hoveredEdge: null,
    }));
    this.store.subscribe(({ bottom, isBottomOpen }) => {
      sessionStorage.setItem(SAVED, `${bottom},${String(isBottomOpen)}`);
    });
  }

  /** Returns how to take the canvas away again. */
  attach(canvas: CanvasHandle): () => void {
    this.canvas = canvas;
    return () => {
      if (this.canvas === canvas) this.canvas = null;
    };
  }

  /** Fold or unfold the palette as the window passes the width it needs; returns how to stop. */
  followWidth(): () => void {
    const query = wide();
    const follow = (): void => this.set({ isPaletteOpen: query.matches });
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }

  keepKeyboardAt(home: HTMLElement | null): void {
    this.home = home;
  }

  set(change: Partial<PanelsState>): void {
    this.store.setState(change);
  }

  showBottom(bottom: BottomTab): void {
    this.store.setState({ bottom, isBottomOpen: true });
  }
}

/** Narrower windows show the palette when it is asked for. */
const WIDE_PX = 1180;

const wide = (): MediaQueryList => window.matchMedia(`(min-width: ${String(WIDE_PX)}px)`);

/** Lower windows begin with the canvas alone. */
const TALL_PX = 760;
const NARROW_PX = 720;

const TABS: readonly BottomTab[] = [
  'layers',
  'problems',
  'code',
  'versions',
  'comments',
  'outline',
  'import',
];

/** The network that is opened next shows how it came in. */
export function showImportNext(): void {
  sessionStorage.setItem(SAVED, 'import,true');
}

function readSaved(): { bottom: BottomTab; isBottomOpen: boolean } {
  const [tab, open] = (sessionStorage.getItem(SAVED) ?? '').split(',');
  return {
    bottom: TABS.find((each) => each === tab) ?? 'layers',
    isBottomOpen: open === undefined ? isRoomy() : open === 'true',
  };
}

function isRoomy(): boolean {
  return window.innerHeight >= TALL_PX && window.innerWidth > NARROW_PX;
}
