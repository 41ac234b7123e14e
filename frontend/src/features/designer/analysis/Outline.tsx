import { UnstyledButton } from '@mantine/core';
import { lookup } from '../document/records';
import { computationOrder, edgesInto } from '../document/scope';
import { useAnalysis, useDesigner, useEditor, useScope } from '../state/DesignerContext';
import { pathPrefixOf } from '../state/editor';
import type { AnalysisState } from '../state/liveAnalysis';
import { problemsAt } from '../state/problems';
import classes from './Analysis.module.css';
import { useGoTo } from './useGoTo';

/** The network as a list in the order of computation: to read with a screen reader. */
export function Outline() {
  const { catalog } = useDesigner();
  const scope = useScope();
  const prefix = useEditor(pathPrefixOf);
  const analysis = useAnalysis((state) => state);
  const goTo = useGoTo();
  const name = (id: string): string => lookup(scope.nodes, id)?.name ?? id;
  return (
    <ol className={classes.outline} aria-label="Layers in the order of computation">
      {computationOrder(scope).map((id) => {
        const node = lookup(scope.nodes, id);
        if (node === undefined) return null;
        const sources = edgesInto(scope, id).map(({ edge }) => name(edge.source.node));
        const title = catalog.byType.get(node.type)?.title ?? node.type;
        return (
          <li key={id}>
            <UnstyledButton onClick={() => goTo({ nodeId: id })}>
              {node.name}, {title}
            </UnstyledButton>{' '}
            <span className={classes.dim}>
              {sources.length === 0 ? 'takes nothing' : `takes ${sources.join(' and ')}`}
              {outputText(analysis, prefix + id)}
              {problemText(analysis, id, prefix + id)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function outputText(state: AnalysisState, path: string): string {
  const text = lookup(state.nodes, path)?.output_text ?? '';
  return text === '' ? '' : `, gives ${text}`;
}

function problemText(state: AnalysisState, nodeId: string, path: string): string {
  const { length } = problemsAt(state.problems, nodeId, path);
  if (length === 0) return '';
  return length === 1 ? ', 1 problem' : `, ${length} problems`;
}
