import { describe, expect, it } from 'vitest';
import { planConnection } from '../document/connect';
import { portsFor, residual } from '../document/testDocument';
import { connectOptions, disconnectOptions, sourceOptions } from './options';

const document = residual();
const portsOf = portsFor(document);

describe('connecting from a list', () => {
  it('offers what the document would take, and all of it', () => {
    for (const nodeId of Object.keys(document.graph.nodes)) {
      const offered = new Set(connectOptions(document.graph, nodeId, portsOf).map(({ key }) => key));
      const node = document.graph.nodes[nodeId];
      if (node === undefined) throw new Error(nodeId);
      for (const port of portsOf(node).outputs) {
        for (const [targetId, target] of Object.entries(document.graph.nodes)) {
          for (const input of portsOf(target).inputs) {
            const ends = [{ node: nodeId, port }, { node: targetId, port: input }] as const;
            const plan = planConnection(document, null, ...ends, portsOf);
            expect(offered.has(`${port}>${targetId}.${input}`)).toBe(!('refused' in plan));
          }
        }
      }
    }
  });

  it('offers to an input what the document would take', () => {
    for (const [targetId, target] of Object.entries(document.graph.nodes)) {
      const offered = sourceOptions(document.graph, targetId, portsOf);
      const found = new Set(offered.map(({ source }) => `${source.node}.${source.port}`));
      for (const input of portsOf(target).inputs) {
        for (const [nodeId, node] of Object.entries(document.graph.nodes)) {
          for (const port of portsOf(node).outputs) {
            const ends = [{ node: nodeId, port }, { node: targetId, port: input }] as const;
            const plan = planConnection(document, null, ...ends, portsOf);
            // What feeds it already is offered as well: it is what the field shows.
            const isTaken = !('refused' in plan) || plan.refused.includes('already feeds this');
            expect(found.has(`${nodeId}.${port}`)).toBe(isTaken);
          }
        }
      }
    }
  });

  it('says what makes room', () => {
    const options = connectOptions(document.graph, 'image', portsOf);
    const relu = options.find(({ target }) => target.node === 'relu');
    expect(relu).toMatchObject({ label: 'image → relu', detail: 'in place of conv' });
    const add = options.find(({ target }) => target.port === 'input_2');
    expect(add?.label).toBe('image → add · input_2');
  });

  it('lists what can be taken off', () => {
    expect(disconnectOptions(document.graph, 'relu')).toEqual([
      { key: 'e2', label: 'conv → relu · input' },
      { key: 'e3', label: 'relu → add · input_1' },
    ]);
  });
});
