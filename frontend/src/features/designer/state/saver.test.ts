import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyOperations, tryOperations } from '../document/apply';
import type { Operation } from '../document/operations';
import { residual } from '../document/testDocument';
import type { Document } from '../document/types';
import type { RevisionOperations } from './contract';
import { withUnsaved } from './batches';
import { Saver } from './saver';
import type { Batch, SendResult, Unsaved } from './saverPorts';

const width = (value: number): Operation => ({
  op: 'set_param',
  scope: null,
  node_id: 'conv',
  param: 'out_channels',
  is_set: true,
  value,
});

const cut = (edge_id: string): Operation => ({ op: 'remove_edge', scope: null, edge_id });

/** A server with the rules of the real one: compare-and-set on the revision. */
class Server {
  document = residual();
  revision = 3;
  isAway = false;
  isBroken = false;
  /** The next save arrives, but its answer is lost. */
  losesAnswer = false;
  saves: RevisionOperations[] = [];

  save(batch: Batch, base: number, client_id: string, author = 'Ada'): SendResult {
    if (this.isAway) return { kind: 'offline' };
    if (this.isBroken) return { kind: 'broken', reason: 'Something went wrong.' };
    if (base !== this.revision) {
      const { document, revision } = this;
      const operations_since = this.saves.filter((save) => save.revision > base);
      return { kind: 'conflict', conflict: { document, revision, operations_since } };
    }
    const applied = tryOperations(this.document, batch.operations);
    if ('refused' in applied) return { kind: 'refused', reason: applied.refused };
    this.document = applied.document;
    this.revision += 1;
    this.saves.push({
      revision: this.revision,
      operations: [...batch.operations],
      client_id,
      author,
    });
    if (this.losesAnswer) {
      this.losesAnswer = false;
      return { kind: 'offline' };
    }
    return { kind: 'saved', revision: this.revision };
  }

  saveAs(author: string, ...operations: Operation[]): RevisionOperations {
    this.save({ operations, gesture: 'Edit' }, this.revision, `page of ${author}`, author);
    const save = this.saves.at(-1);
    if (save === undefined) throw new Error('the save was refused');
    return save;
  }
}

function open(server: Server) {
  const page = {
    document: server.document,
    draft: null as Unsaved | null,
    notes: [] as string[],
    /** How often the whole network was read. */
    wholes: 0,
  };
  const saver = new Saver(server.document, server.revision, {
    send: (batch, base, clientId) => Promise.resolve(server.save(batch, base, clientId)),
    fetchSaves: (since) =>
      Promise.resolve(server.saves.filter((save) => save.revision > since).slice(0, 2)),
    fetchLatest: () => {
      page.wholes += 1;
      return Promise.resolve({ revision: server.revision, document: server.document });
    },
    keep: (unsaved) => (page.draft = unsaved),
    adopt: (document) => (page.document = document),
    note: (text) => page.notes.push(text),
    ownName: 'Ada',
  });
  const edit = (...operations: Operation[]): void => {
    page.document = applyOperations(page.document, operations).document;
    saver.push(operations, 'Edit');
  };
  const state = () => saver.store.getState();
  return { page, saver, edit, state };
}

const settle = (ms = 600) => vi.advanceTimersByTimeAsync(ms);

function isConnected(document: Document, edgeId: string): boolean {
  return Object.hasOwn(document.graph.edges, edgeId);
}

describe('Saver', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('sends a pause’s worth of edits as one save, and keeps a draft until it is there', async () => {
    const server = new Server();
    const { page, edit, state } = open(server);
    edit(width(16));
    edit(cut('e3'));
    expect(page.draft?.pending).toHaveLength(2);
    expect(state().state).toBe('waiting');
    await settle();
    expect(server.saves).toHaveLength(1);
    expect(server.document).toEqual(page.document);
    expect(state()).toMatchObject({ state: 'saved', revision: 4 });
    expect(page.draft).toBeNull();
  });

  it('says that it is offline, keeps everything, and sends when the server is back', async () => {
    const server = new Server();
    const { page, edit, state } = open(server);
    server.isAway = true;
    edit(width(16));
    await settle();
    expect(state().state).toBe('offline');
    edit(width(17));
    expect(withUnsaved(server.document, page.draft!)).toEqual(page.document);
    server.isAway = false;
    await settle(40_000);
    expect(server.document).toEqual(page.document);
    expect(state().state).toBe('saved');
  });

  it('names the parameters that both sides set', async () => {
    const server = new Server();
    const { page, edit } = open(server);
    server.saveAs('Grace', width(55));
    edit(width(77));
    await settle(1200);
    expect(server.document.graph.nodes['conv']?.params['out_channels']).toBe(77);
    expect(page.notes.join()).toContain('Both set out_channels of conv: yours is kept');
  });

  it('asks what to do with edits over which the server breaks down again and again', async () => {
    const server = new Server();
    const { page, saver, edit, state } = open(server);
    server.isBroken = true;
    edit(width(16));
    await settle(1500);
    expect(state().state).toBe('offline');
    await settle(10_000);
    expect(state().state).toBe('refused');
    expect(withUnsaved(server.document, page.draft!)).toEqual(page.document);
    saver.sendAgain();
    await settle(0);
    expect(state().state).toBe('refused');
    server.isBroken = false;
    saver.sendAgain();
    await settle(0);
    expect(state().state).toBe('saved');
    expect(server.document).toEqual(page.document);
  });

  it('does not tell people of what the server did for them', async () => {
    const server = new Server();
    const { page, saver } = open(server);
    saver.receive({ ...server.saveAs('Ada', cut('e3')), client_id: '' });
    expect(isConnected(page.document, 'e3')).toBe(false);
    expect(page.notes).toEqual([]);
    saver.receive(server.saveAs('Ada', cut('e2')));
    await settle();
    expect(page.notes.join()).toContain('Ada changed this network');
  });

  it('puts edits on top of what somebody else saved meanwhile', async () => {
    const server = new Server();
    const { page, edit, state } = open(server);
    server.saveAs('Grace', cut('e3'));
    edit(width(16));
    await settle(1200);
    expect(state().state).toBe('saved');
    expect(server.document.graph.nodes['conv']?.params['out_channels']).toBe(16);
    expect(isConnected(server.document, 'e3')).toBe(false);
    expect(page.document).toEqual(server.document);
    expect(page.notes.join()).toContain('Grace changed this network meanwhile');
  });

  it('asks when both sides do not fit together, and knows what both began with', async () => {
    const server = new Server();
    const { page, saver, edit, state } = open(server);
    server.saveAs('Grace', cut('e3'));
    edit(cut('e3'), width(16));
    await settle();
    expect(state().state).toBe('conflict');
    expect(page.draft).not.toBeNull();
    expect(isConnected(saver.mergeBase, 'e3')).toBe(true);
    saver.discard(server.document, state().conflict!.revision);
    expect(saver.mergeBase).toEqual(server.document);
    expect(page.document).toEqual(server.document);
    expect(state().state).toBe('saved');
  });

  it('keeps the common base when a live edit of somebody else does not fit', () => {
    const server = new Server();
    const { saver, edit, state } = open(server);
    edit(cut('e3'));
    saver.receive(server.saveAs('Grace', cut('e3')));
    expect(state().state).toBe('conflict');
    expect(isConnected(saver.mergeBase, 'e3')).toBe(true);
  });

  it('follows what others save, below edits that are still waiting', () => {
    const server = new Server();
    const { page, saver, edit } = open(server);
    edit(width(16));
    saver.receive(server.saveAs('Grace', cut('e3')));
    expect(isConnected(page.document, 'e3')).toBe(false);
    expect(page.document.graph.nodes['conv']?.params['out_channels']).toBe(16);
    expect(saver.revision).toBe(4);
  });

  it('asks what was saved, not for the whole network, when messages were missed', async () => {
    const server = new Server();
    const { page, saver, edit } = open(server);
    server.saveAs('Grace', width(16));
    server.saveAs('Grace', width(17));
    saver.receive(server.saveAs('Grace', cut('e3')));
    edit(width(18));
    await vi.advanceTimersByTimeAsync(100);
    expect(saver.revision).toBe(6);
    expect(isConnected(page.document, 'e3')).toBe(false);
    expect(page.document.graph.nodes['conv']?.params['out_channels']).toBe(18);
    await settle();
    expect(page.document).toEqual(server.document);
    expect(page.wholes).toBe(0);
  });

  it('reads the whole network where what was saved does not lead there', async () => {
    const server = new Server();
    const { page, saver } = open(server);
    server.saveAs('Grace', width(16));
    server.saves = [];
    server.saveAs('Grace', cut('e3'));
    await saver.catchUp();
    expect(page.document).toEqual(server.document);
    expect(saver.revision).toBe(5);
    expect(page.wholes).toBe(1);
  });

  it('does not apply a save twice whose answer was lost', async () => {
    const server = new Server();
    const { page, edit, state } = open(server);
    server.losesAnswer = true;
    edit(cut('e3'));
    await settle();
    expect(state().state).toBe('offline');
    await settle(40_000);
    expect(server.saves).toHaveLength(1);
    expect(state()).toMatchObject({ state: 'saved', revision: 4 });
    expect(page.document).toEqual(server.document);
  });

  it('takes over what a killed tab left, even when its last save had arrived', async () => {
    const server = new Server();
    const first = open(server);
    server.losesAnswer = true;
    first.edit(cut('e3'));
    await settle();
    first.edit(width(24));
    const left = first.page.draft!;
    void first.saver.stop();
    const second = open(server);
    second.saver.resume(left);
    await settle(1200);
    expect(server.document.graph.nodes['conv']?.params['out_channels']).toBe(24);
    expect(isConnected(server.document, 'e3')).toBe(false);
    expect(second.page.document).toEqual(server.document);
    expect(second.page.draft).toBeNull();
  });
});
