/** What is marked in the far view; the same object for as long as nothing of it changed. */

import { type EditorState } from '../state/editor';
import { pagePrefixOf } from '../state/editorPlace';
import { problemsAt, problemsInside, worstOf, type PinnedProblems } from '../state/problems';
import { idOfPath } from './flowElements';
import type { Marks } from './paint';
import type { Scene } from './scene';
import { focusPrefixOf } from './useStage';

export class MarksMemory {
  private readonly scene: Scene;
  private last: { readonly of: readonly unknown[]; readonly marks: Marks } | null = null;
  private problems: { readonly of: readonly unknown[]; readonly found: Marks['problems'] } | null =
    null;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  marks(state: EditorState, problems: PinnedProblems): Marks {
    const { nodeIds, edgeIds } = state;
    const page = pagePrefixOf(state);
    const focus = focusPrefixOf({ state });
    const of = [nodeIds, edgeIds, page, focus, problems];
    if (this.last !== null && isSame(this.last.of, of)) return this.last.marks;
    const onCanvas = (ids: ReadonlySet<string>): ReadonlySet<string> =>
      focus === '' ? ids : new Set([...ids].map((id) => focus + id));
    const marks = {
      selected: onCanvas(nodeIds),
      selectedEdges: onCanvas(edgeIds),
      problems: this.problemsOf(problems, page),
    };
    this.last = { of, marks };
    return marks;
  }

  private problemsOf(problems: PinnedProblems, page: string): Marks['problems'] {
    const of = [problems, page];
    if (this.problems !== null && isSame(this.problems.of, of)) return this.problems.found;
    const found = new Map<string, 'error' | 'warning'>();
    const isNone = problems.nodes.size === 0 && problems.inside.size === 0;
    for (const [id, { node }] of isNone ? [] : this.scene.cards) {
      const path = page + id;
      const worst = worstOf([
        ...problemsAt(problems, idOfPath(id), path),
        ...problemsInside(problems, node.block, path),
      ])?.severity;
      if (worst === 'error' || worst === 'warning') found.set(id, worst);
    }
    this.problems = { of, found };
    return found;
  }
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.every((each, index) => each === b[index]);
