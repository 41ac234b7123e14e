import { Button, Popover, TextInput } from '@mantine/core';
import { IconTarget } from '@tabler/icons-react';
import { useState } from 'react';
import { amountText, formatBytes, formatCount, parseAmount, type AmountKind } from '@/lib';
import { selectOnEntry } from '@/ui';
import type { BudgetUse } from '../state/contract';
import { useAnalysis, useDesigner, useEditor } from '../state/DesignerContext';
import { DESIGNER_IDS } from '../testids';
import classes from './Analysis.module.css';
import { scaled } from './costs';

interface Kind extends AmountKind {
  readonly id: string;
  readonly label: string;
  readonly example: string;
}

const KINDS: readonly Kind[] = [
  { id: 'parameters', label: 'Parameters at most', example: '50k or 1.2M' },
  { id: 'weight_bytes', label: 'Weights at most', example: '20 MB', isBytes: true, unit: 1e6 },
  { id: 'flops', label: 'FLOPs per sample at most', example: '300M or 4.1G' },
  { id: 'training_bytes', label: 'Training memory at most', example: '8 GB', isBytes: true, unit: 1e9 },
  { id: 'receptive_field', label: 'Receptive field at least, in positions', example: '64' },
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
  const limit = useEditor(({ document }) => document.view.budgets?.[kind.id]) ?? null;
  const known = limit === null ? '' : amountText(limit, kind);
  const [seen, setSeen] = useState(known);
  const [text, setText] = useState(known);
  const [problem, setProblem] = useState<string | null>(null);
  // Undo or another person changed it: show theirs.
  if (known !== seen) {
    setSeen(known);
    setText(known);
    setProblem(null);
  }
  const commit = (): void => {
    const value = text.trim() === '' ? null : parseAmount(text, kind);
    if (text.trim() !== '' && (value === null || value <= 0)) {
      setProblem(`Type an amount, such as ${kind.example}.`);
      return;
    }
    setProblem(null);
    setText(value === null ? '' : amountText(value, kind));
    if (value === limit) return;
    editor.perform(value === null ? 'Remove a budget' : 'Set a budget', [
      { op: 'set_budget', budget: kind.id, limit: value },
    ]);
  };
  return (
    <TextInput
      size="xs"
      label={kind.label}
      placeholder={`None; such as ${kind.example}`}
      value={text}
      error={problem}
      readOnly={!canEdit}
      spellCheck={false}
      autoComplete="off"
      data-testid={DESIGNER_IDS.budget(kind.id)}
      {...selectOnEntry}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
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
