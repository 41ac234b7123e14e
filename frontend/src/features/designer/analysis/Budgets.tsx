import { Button, NumberInput, Popover } from '@mantine/core';
import { IconTarget } from '@tabler/icons-react';
import { formatBytes, formatCount } from '@/lib';
import type { BudgetUse } from '../state/contract';
import { useAnalysis, useDesigner, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Analysis.module.css';
import { scaled } from './costs';

interface Kind {
  readonly id: string;
  readonly label: string;
  readonly unit: number;
}

const KINDS: readonly Kind[] = [
  { id: 'parameters', label: 'Parameters at most (millions)', unit: 1e6 },
  { id: 'weight_bytes', label: 'Weights at most (MB)', unit: 1e6 },
  { id: 'flops', label: 'FLOPs per sample at most (billions)', unit: 1e9 },
  { id: 'training_bytes', label: 'Training memory at most (GB)', unit: 1e9 },
  { id: 'receptive_field', label: 'Receptive field at least (positions)', unit: 1 },
];

/** What the network may cost: a bar for each budget, and where to set them. */
export function Budgets() {
  const uses = useAnalysis((state) => state.analysis?.budgets) ?? [];
  return (
    <div className={classes.budgets}>
      <Popover position="top-start" width={280} trapFocus>
        <Popover.Target>
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconTarget size={13} />}
            data-testid={DESIGNER_IDS.budgets}
          >
            Budgets
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          {KINDS.map((kind) => (
            <BudgetField key={kind.id} kind={kind} />
          ))}
        </Popover.Dropdown>
      </Popover>
      {uses.length > 0 && (
        <div className={classes.bars}>
          {mostUsedFirst(uses).map((use) => (
            <BudgetBar key={use.budget} use={use} />
          ))}
        </div>
      )}
    </div>
  );
}

/** Those that are exceeded are seen without scrolling. */
function mostUsedFirst(uses: readonly BudgetUse[]): BudgetUse[] {
  return [...uses].sort((a, b) => Number(a.is_kept) - Number(b.is_kept));
}

function BudgetField({ kind }: { kind: Kind }) {
  const { editor } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const limit = useEditor(({ document }) => document.view.budgets?.[kind.id]);
  const set = (text: string): void => {
    const value = Number(text);
    const next = text === '' || !(value > 0) ? null : value * kind.unit;
    if (next === (limit ?? null)) return;
    editor.perform(next === null ? 'Remove a budget' : 'Set a budget', [
      { op: 'set_budget', budget: kind.id, limit: next },
    ]);
  };
  return (
    <NumberInput
      key={limit}
      size="xs"
      label={kind.label}
      placeholder="No budget"
      min={0}
      readOnly={!canEdit}
      defaultValue={limit === undefined ? '' : limit / kind.unit}
      data-testid={DESIGNER_IDS.budget(kind.id)}
      onBlur={(event) => set(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') set(event.currentTarget.value);
      }}
    />
  );
}

export function BudgetBar({ use }: { use: BudgetUse }) {
  const part = use.used === null ? 1 : Math.min(1, use.used / use.limit);
  const said = use.used === null ? 'whole input' : amount(use.budget, use.used);
  return (
    <span
      className={classes.budget}
      data-over={!use.is_kept || undefined}
      data-testid={DESIGNER_IDS.budgetBar(use.budget)}
      title={`${use.title}: ${said} of ${amount(use.budget, use.limit)}`}
    >
      <span>{use.title}</span>
      <span className={classes.track}>
        <span style={{ width: `${part * 100}%` }} />
      </span>
      <span>
        {said} / {amount(use.budget, use.limit)}
      </span>
    </span>
  );
}

function amount(budget: string, value: number): string {
  if (budget.endsWith('_bytes')) return formatBytes(value);
  return budget === 'receptive_field' ? formatCount(value) : scaled(value).trim();
}
