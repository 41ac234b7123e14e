import { IconLock, IconNote } from '@tabler/icons-react';
import type { NodeProps } from '@xyflow/react';
import { memo, useMemo } from 'react';
import { asUsed } from '../document/asUsed';
import { BLOCK, IMAGE_INPUT } from '../document/types';
import { lookup } from '../document/records';
import { cardLines } from '../state/catalog';
import { useAnalysis, useDesigner, useEditor } from '../state/DesignerContext';
import { standingWords, useStanding } from '../state/standing';
import { outputText, useDisplay } from '../state/display';
import { useProblems, useProblemsInside } from '../state/useProblems';
import { DESIGNER_IDS } from '../testids';
import { BoundClasses, BoundSample } from './BoundOnCard';
import type { LayerNode } from './flowElements';
import { cardHeight } from './geometry';
import classes from './LayerCard.module.css';
import { LayerIcon } from './LayerIcon';
import { PreviewOnCard } from '../preview/PreviewOnCard';
import { Ports } from './Ports';
import { ProblemBadge } from './ProblemBadge';
import { SharedMark } from './SharedMark';
import { StandingMark } from './StandingMark';
import { mayExceed, monoMayExceed } from './textRoom';

/** Ports are placed from within the border, edges from the card's outer edge. */
const BORDER = 1;
/** Room for text on the card, in em of each line: the name beside the icon, and the others. */
const NAME_EM = 9.4;
const TYPE_EM = 12.9;
const MONO_EM = 12.9;
/** Of a parameter between its title and its value, and after it. */
const GAP_LETTERS = '  ';

/** One layer: family, name, key parameters, output shape, and whether something is wrong. */
export const LayerCard = memo(function LayerCard({
  data,
  selected,
}: NodeProps<LayerNode>) {
  const { node, nodeId, ports } = data;
  const { catalog } = useDesigner();
  const layer = catalog.byType.get(node.type);
  const blockName = useEditor((state) =>
    node.block === null ? null : (lookup(state.document.graph.blocks, node.block)?.name ?? '?'),
  );
  const problems = useProblems(nodeId, data.path);
  const inside = useProblemsInside(nodeId, node.block, data.path);
  // Within a block, the values are those of the use that was opened, as the shapes are.
  const around = useEditor(({ document }) => (data.path.includes('/') ? document : null));
  const used = useMemo(
    () => (around === null ? node : (asUsed(around, data.path) ?? node)),
    [around, node, data.path],
  );
  const lines = cardLines(layer, used);
  const kind = blockName ?? layer?.title ?? `${node.type} (not installed)`;
  const axis = cardHeight(ports) / 2;
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  const shape = useAnalysis((state) =>
    outputText(lookup(state.nodes, data.path), isChannelsLast),
  );
  const isOverBudget = useAnalysis(
    (state) =>
      state.analysis?.budgets?.some(({ offenders }) => offenders.includes(data.path)) ?? false,
  );
  const standing = useStanding(data.path);
  // What else stands on the line of the name, or on that of the parameters, takes unknown room.
  const isNameAlone = !node.is_frozen && node.note === '' && node.repeat === 1 && standing === undefined;
  const values = lines.map(({ title, value }) => title + value + GAP_LETTERS).join('');
  const spoken = [
    node.name,
    blockName ?? layer?.title ?? node.type,
    shape === '' ? 'no output yet' : `gives ${shape}`,
    ...(standing === undefined ? [] : [standingWords(standing)]),
    ...problemWords(problems.length + inside.length),
    ...(selected ? ['selected'] : []),
  ].join(', ');
  return (
    <div
      className={classes.card}
      data-selected={selected || undefined}
      data-over-budget={isOverBudget || undefined}
      data-unknown={layer === undefined || undefined}
      data-block={node.type === BLOCK || undefined}
      data-type={node.type}
      role="group"
      aria-label={spoken}
      data-testid={DESIGNER_IDS.node(node.name)}
      style={{ '--hue': layer?.hue ?? 0 }}
    >
      {node.type === IMAGE_INPUT && <BoundSample />}
      <div className={classes.head}>
        <LayerIcon name={layer?.icon} size={15} className={classes.icon} />
        <span
          className={classes.name}
          data-cut={!isNameAlone || mayExceed(node.name, NAME_EM) || undefined}
        >
          {node.name}
        </span>
        {node.is_frozen && <IconLock size={12} className={classes.sign} aria-label="frozen" />}
        <StandingMark path={data.path} />
        <SharedMark nodeId={nodeId} path={data.path} />
        {node.note !== '' && (
          <IconNote size={12} className={classes.sign} aria-label="has a note" />
        )}
        {node.repeat > 1 && (
          <span className={classes.repeat} title={`Applied ${node.repeat} times in sequence`}>
            × {node.repeat}
            {node.weights === 'shared' && ' shared'}
          </span>
        )}
      </div>
      <div className={classes.type} data-cut={mayExceed(kind, TYPE_EM) || undefined}>
        {kind}
      </div>
      <div
        className={classes.params}
        data-cut={layer?.role === 'output' || monoMayExceed(values, MONO_EM) || undefined}
      >
        {lines.map((line) => (
          <span key={line.title}>
            {line.title !== '' && <span className={classes.key}>{line.title} </span>}
            {line.value.replaceAll(' × ', '×')}
          </span>
        ))}
        {layer?.role === 'output' && <BoundClasses />}
      </div>
      <div
        className={classes.shape}
        data-cut={monoMayExceed(shape, MONO_EM) || undefined}
        data-testid={DESIGNER_IDS.nodeOutput}
      >
        {shape === '' ? '–' : shape}
      </div>
      <PreviewOnCard path={data.path} />
      <ProblemBadge problems={problems} inside={inside} />
      <Ports ports={ports} axis={axis} inset={BORDER} />
    </div>
  );
});

function problemWords(count: number): string[] {
  if (count === 0) return [];
  return [count === 1 ? '1 problem' : `${count} problems`];
}
