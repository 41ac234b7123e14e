import { ActionIcon, CloseButton } from '@mantine/core';
import { IconChevronDown, IconChevronUp, IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useGoTo } from '../analysis/useGoTo';
import { useAnalysis, useDesigner, useDocument, usePanels } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './FindBar.module.css';
import { findLayers, type Found } from './find';

const MOST_SHOWN = 200;

/** Ctrl-F: what fits, across all blocks, and the way there. */
export function FindBar() {
  const finding = usePanels((state) => state.finding);
  return finding === 0 ? null : <OpenFindBar request={finding} />;
}

function OpenFindBar({ request }: { request: number }) {
  const { editor, panels, catalog } = useDesigner();
  const document = useDocument();
  const diagnostics = useAnalysis((state) => state.analysis?.diagnostics);
  const goTo = useGoTo();
  const [query, setQuery] = useState('');
  const [index, setIndex] = useState(-1);
  const found = useMemo(
    () => findLayers(document, catalog, diagnostics ?? [], query),
    [document, catalog, diagnostics, query],
  );
  const close = (): void => {
    panels.set({ finding: 0 });
    panels.canvas?.focus();
  };
  const jump = (to: number): void => {
    if (found.length === 0) return;
    const next = (to + found.length) % found.length;
    setIndex(next);
    const layer = found[next];
    if (layer === undefined) return;
    goTo({ nodeId: layer.nodeId });
    editor.announce(`${next + 1} of ${found.length}: ${layer.name}, ${layer.title}`);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter') jump(event.shiftKey ? Math.max(index, 0) - 1 : index + 1);
    else if (event.key === 'ArrowDown') jump(index + 1);
    else if (event.key === 'ArrowUp') jump(Math.max(index, 0) - 1);
    // The request that is open already: not the browser's own search.
    else if (event.key.toLowerCase() !== 'f' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
  };
  return (
    <search className={classes.root} aria-label="Find in the network" onKeyDown={onKeyDown}>
      <div className={classes.bar}>
        <IconSearch size={15} stroke={1.6} className={classes.icon} aria-hidden />
        <input
          key={request}
          autoFocus
          className={classes.input}
          placeholder="Name, type, note, kernel_size=3, problem…"
          aria-label="Find in the network"
          data-testid={DESIGNER_IDS.findInput}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setIndex(-1);
          }}
        />
        <span className={classes.count} role="status" data-testid={DESIGNER_IDS.findCount}>
          {countText(query, index, found.length)}
        </span>
        <ActionIcon.Group>
          <Step label="Previous (Shift Enter)" isUp onClick={() => jump(Math.max(index, 0) - 1)} />
          <Step label="Next (Enter)" onClick={() => jump(index + 1)} />
        </ActionIcon.Group>
        <CloseButton size="sm" aria-label="Close the search" onClick={close} />
      </div>
      {found.length > 0 && (
        <ul className={classes.list} aria-label="Layers that fit">
          {found.slice(0, MOST_SHOWN).map((layer, place) => (
            <Result
              key={layer.nodeId}
              layer={layer}
              isCurrent={place === index}
              onClick={() => jump(place)}
            />
          ))}
          {found.length > MOST_SHOWN && (
            <li className={classes.more}>and {found.length - MOST_SHOWN} more</li>
          )}
        </ul>
      )}
    </search>
  );
}

function countText(query: string, index: number, count: number): string {
  if (query.trim() === '') return '';
  if (count === 0) return 'nothing fits';
  return index < 0 ? String(count) : `${index + 1} of ${count}`;
}

function Step(props: { label: string; isUp?: boolean; onClick: () => void }) {
  const { label, isUp = false, onClick } = props;
  return (
    <ActionIcon variant="default" size="sm" aria-label={label} title={label} onClick={onClick}>
      {isUp ? <IconChevronUp size={14} /> : <IconChevronDown size={14} />}
    </ActionIcon>
  );
}

interface ResultProps {
  layer: Found;
  isCurrent: boolean;
  onClick: () => void;
}

function Result({ layer, isCurrent, onClick }: ResultProps) {
  return (
    <li>
      <button
        type="button"
        ref={isCurrent ? scrollTo : undefined}
        className={classes.result}
        aria-current={isCurrent || undefined}
        data-testid={DESIGNER_IDS.findResult}
        onClick={onClick}
      >
        <span className={classes.name}>{layer.name}</span>
        <span className={classes.title}>{layer.title}</span>
        <span className={classes.where}>{layer.blocks.join(' › ')}</span>
        {layer.why !== '' && <span className={classes.why}>{layer.why}</span>}
      </button>
    </li>
  );
}

function scrollTo(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
