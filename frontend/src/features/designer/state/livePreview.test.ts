import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, type Job, type NodeActivation } from '@/api';
import { applyOperations } from '../document/apply';
import { residual } from '../document/testDocument';
import type { Document } from '../document/types';
import { LivePreview, type Answer, type Question } from './livePreview';

const node = (mean: number): NodeActivation => ({ outputs: [], notes: [String(mean)] });

const answer = (nodes: Record<string, NodeActivation>, checkpoint: unknown = null): Answer => ({
  job: { id: 'job', result: { preview_id: 'job', checkpoint } } as unknown as Job,
  preview: { nodes, notes: [], num_fitted: null, num_tensors: null, seconds: 0.1 },
});

const widened = (document: Document, value: number): Document =>
  applyOperations(document, [
    { op: 'set_param', scope: null, node_id: 'conv', param: 'out_channels', is_set: true, value },
  ]).document;

/** A server whose answers come when the test says so. */
class Server {
  readonly asked: {
    question: Question;
    signal: AbortSignal;
    give: (answer: Answer) => Promise<void>;
    refuse: (error: unknown) => Promise<void>;
  }[] = [];

  readonly ports = {
    ask: (question: Question, signal: AbortSignal) =>
      new Promise<Answer>((resolve, reject) => {
        const settled = () => vi.advanceTimersByTimeAsync(0);
        this.asked.push({
          question,
          signal,
          give: (given) => {
            resolve(given);
            return settled().then(() => undefined);
          },
          refuse: (error) => {
            reject(error instanceof Error ? error : new Error(String(error)));
            return settled().then(() => undefined);
          },
        });
      }),
  };

  at(index: number) {
    const asked = this.asked.at(index);
    if (asked === undefined) throw new Error('nothing was asked');
    return asked;
  }
}

describe('the live preview', () => {
  let server: Server;
  let preview: LivePreview;
  const document = residual();
  const settle = () => vi.advanceTimersByTimeAsync(1000);

  beforeEach(() => {
    vi.useFakeTimers();
    server = new Server();
    preview = new LivePreview(server.ports);
    preview.show(document);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('asks nothing while it is off', async () => {
    preview.show(widened(document, 8));
    await settle();
    expect(server.asked).toHaveLength(0);
  });

  it('asks once for edits that follow one another closely, with the last of them', async () => {
    preview.toggle();
    for (const value of [8, 9, 10]) preview.show(widened(document, value));
    await settle();
    expect(server.asked).toHaveLength(1);
    expect(server.at(0).question.document.graph.nodes['conv']?.params['out_channels']).toBe(10);
  });

  it('gives up the older question and never shows its answer', async () => {
    preview.toggle();
    await settle();
    preview.show(widened(document, 8));
    expect(server.at(0).signal.aborted).toBe(true);
    await settle();
    await server.at(0).give(answer({ conv: node(1) }));
    expect(preview.state.nodes).toEqual({});
    expect(preview.state.isStale).toBe(true);
    await server.at(1).give(answer({ conv: node(2) }));
    expect(preview.state.nodes['conv']).toEqual(node(2));
    expect(preview.state.isStale).toBe(false);
  });

  it('keeps what is shown, marked as old, until the new answer is there', async () => {
    preview.toggle();
    await settle();
    await server.at(0).give(answer({ conv: node(1) }));
    preview.show(widened(document, 8));
    expect(preview.state.isStale).toBe(true);
    expect(preview.state.nodes['conv']).toEqual(node(1));
  });

  it('keeps the object of a node that came out the same, so that its card does not draw', async () => {
    preview.toggle();
    await settle();
    await server.at(0).give(answer({ conv: node(1), head: node(1) }));
    const before = preview.state.nodes;
    preview.show(widened(document, 8));
    await settle();
    await server.at(1).give(answer({ conv: node(2), head: node(1) }));
    expect(preview.state.nodes['head']).toBe(before['head']);
    expect(preview.state.nodes['conv']).not.toBe(before['conv']);
  });

  it('asks nothing for what only moves', async () => {
    preview.toggle();
    await settle();
    preview.show({ ...document, view: { ...document.view, positions: {} } });
    await settle();
    expect(server.asked).toHaveLength(1);
  });

  it('asks again for other weights, and when the run has newer ones', async () => {
    preview.toggle();
    await settle();
    preview.choose({ weights: { kind: 'run', run_id: 'r', pick: 'last' } });
    await settle();
    const checkpoint = { id: 'c1', run_id: 'r', step: 5, epoch: 1 };
    await server.at(1).give(answer({}, checkpoint));
    expect(preview.state.checkpoint).toEqual(checkpoint);
    preview.refresh();
    await settle();
    expect(server.asked).toHaveLength(3);
  });

  it('says what is wrong in words and mends itself with the next answer', async () => {
    preview.toggle();
    await settle();
    const detail = 'A sample passes through once the network has no errors.';
    await server.at(0).refuse(
      new Problem(422, { code: 'document_invalid', detail, next_step: '' }),
    );
    expect(preview.state.problem).toContain(detail);
    expect(preview.state.isStale).toBe(true);
    preview.show(widened(document, 8));
    await settle();
    await server.at(1).give(answer({ conv: node(1) }));
    expect(preview.state.problem).toBeNull();
  });

  it('lets go of everything when it is switched off', async () => {
    preview.toggle();
    await settle();
    await server.at(0).give(answer({ conv: node(1) }));
    preview.show(widened(document, 8));
    await settle();
    preview.toggle();
    expect(server.at(1).signal.aborted).toBe(true);
    expect(preview.state.nodes).toEqual({});
  });

  it('holds one answer after two hundred edits', async () => {
    preview.toggle();
    for (let edit = 1; edit <= 200; edit += 1) {
      preview.show(widened(document, edit));
      await settle();
      await server.at(-1).give(answer({ conv: node(edit) }));
    }
    expect(Object.keys(preview.state.nodes)).toEqual(['conv']);
    expect(server.asked.filter(({ signal }) => !signal.aborted)).toHaveLength(1);
  });
});
