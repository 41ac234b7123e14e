import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { plural } from '@/lib';
import { useGoTo } from '../analysis/useGoTo';
import { lookup } from '../document/records';
import { namesOfSharers, nodesBeside } from '../document/sharing';
import { useAnalysis, useDesigner, useDocument, useEditor } from '../state/DesignerContext';
import { outputText, useDisplay } from '../state/display';
import { pathPrefixOf } from '../state/editorPlace';
import { problemsAt } from '../state/problems';
import { standingWords, useStanding } from '../state/standing';
import { DESIGNER_IDS } from '../testids';
import classes from './Outline.module.css';
import { moveInTree, outlineRows, parentPath, type OutlineRow } from './rows';

/**
 * The network as a tree to read and to edit without the canvas: the row is the selection, so every
 * command and its keys act on it.
 */
export function Outline() {
  const { panels, editor } = useDesigner();
  const document = useDocument();
  const prefix = useEditor(pathPrefixOf);
  const nodeIds = useEditor((state) => state.nodeIds);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [cursor, setCursor] = useState(0);
  const goTo = useGoTo();
  const rows = useMemo(
    () => outlineRows(document, new Set([...opened, ...outerOf(prefix)])),
    [document, opened, prefix],
  );
  const selected = new Set([...nodeIds].map((id) => prefix + id));
  const last = [...selected].at(-1);
  const found = rows.findIndex(({ path }) => path === last);
  // What was selected is gone: the row that took its place.
  const active = found === -1 ? Math.min(cursor, rows.length - 1) : found;
  const current = rows[active];

  const go = (path: string, adds = false): void => {
    const row = rows.find((each) => each.path === path);
    if (row === undefined) return;
    const isHere = prefix === path.slice(0, path.length - row.nodeId.length);
    const kept = adds && isHere ? [...nodeIds].filter((id) => id !== row.nodeId) : [];
    if (!isHere || kept.length === 0) goTo({ nodeId: row.nodeId, path });
    if (kept.length > 0) editor.select([...kept, row.nodeId]);
  };
  const toggle = (path: string, isOpen: boolean): void => {
    const next = new Set(opened);
    if (isOpen) next.add(path);
    else next.delete(path);
    setOpened(next);
    if (!isOpen && prefix.startsWith(`${path}/`)) go(path);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (current === undefined) return;
    setCursor(active);
    if (nodeIds.size === 0) go(current.path);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      event.stopPropagation();
      panels.keepKeyboardAt(null);
      panels.canvas?.reveal([current.nodeId]);
      panels.canvas?.focus();
      return;
    }
    const move = moveInTree(rows, active, event.key);
    if (move === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (move.kind === 'go') go(move.path, event.shiftKey);
    else toggle(move.path, move.kind === 'open');
  };
  return (
    <div
      className={classes.tree}
      role="tree"
      tabIndex={0}
      aria-label="Layers in the order of computation"
      aria-multiselectable
      aria-activedescendant={current === undefined ? undefined : rowId(current)}
      data-testid={DESIGNER_IDS.outline}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        panels.keepKeyboardAt(event.currentTarget);
      }}
    >
      {rows.map((row, index) => (
        <Row
          key={row.path}
          row={row}
          isActive={index === active}
          isSelected={selected.has(row.path)}
          onChoose={(adds) => go(row.path, adds)}
          onToggle={() => toggle(row.path, !row.isOpen)}
        />
      ))}
      {rows.length === 0 && <p className={classes.none}>Nothing is drawn yet.</p>}
    </div>
  );
}

const rowId = ({ path }: OutlineRow): string => `outline-${path}`;

/** `a/b/` lies in `a` and in `a/b`. */
function outerOf(prefix: string): string[] {
  const outer: string[] = [];
  for (
    let path = prefix === '' ? null : prefix.slice(0, -1);
    path !== null;
    path = parentPath(path)
  ) {
    outer.push(path);
  }
  return outer;
}

interface RowProps {
  row: OutlineRow;
  isActive: boolean;
  isSelected: boolean;
  onChoose: (adds: boolean) => void;
  onToggle: () => void;
}

function Row({ row, isActive, isSelected, onChoose, onToggle }: RowProps) {
  const { catalog } = useDesigner();
  const layer = catalog.byType.get(row.node.type);
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  const shape = useAnalysis((state) => outputText(lookup(state.nodes, row.path), isChannelsLast));
  const problems = useAnalysis(
    (state) => problemsAt(state.problems, row.nodeId, row.path).length,
  );
  const sharers = useEditor(({ document }) =>
    namesOfSharers(nodesBeside(document, row.path), row.nodeId).join(', '),
  );
  const standing = useStanding(row.path);
  const Chevron = row.isOpen ? IconChevronDown : IconChevronRight;
  return (
    <div
      ref={isActive ? scrollTo : undefined}
      id={rowId(row)}
      className={classes.row}
      role="treeitem"
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.count}
      aria-selected={isSelected}
      aria-expanded={row.blockName === null ? undefined : row.isOpen}
      data-active={isActive || undefined}
      data-testid={DESIGNER_IDS.outlineRow(row.node.name)}
      style={{ paddingLeft: 12 + 20 * (row.level - 1) }}
      onClick={(event) => onChoose(event.shiftKey || event.ctrlKey || event.metaKey)}
    >
      <span
        className={classes.fold}
        aria-hidden
        onClick={(event) => {
          if (row.blockName === null) return;
          event.stopPropagation();
          onToggle();
        }}
      >
        {row.blockName !== null && <Chevron size={14} />}
      </span>
      <span className={classes.hue} style={{ '--hue': layer?.hue ?? 0 }} aria-hidden />
      <span className={classes.name}>{row.node.name}</span>
      <span className={classes.dim}>
        {`, ${row.blockName ?? layer?.title ?? row.node.type}, `}
        {row.sources.length === 0 ? 'takes nothing' : `takes ${row.sources.join(' and ')}`}
        {shape !== '' && `, gives ${shape}`}
        {standing !== undefined && `, ${standingWords(standing)}`}
        {row.node.is_frozen && ', frozen'}
        {sharers !== '' && `, weights shared with ${sharers}`}
      </span>
      {problems > 0 && <span className={classes.problem}>, {plural(problems, 'problem')}</span>}
    </div>
  );
}

function scrollTo(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
