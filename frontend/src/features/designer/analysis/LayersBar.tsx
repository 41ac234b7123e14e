import { Button, Checkbox, Menu, NumberInput } from '@mantine/core';
import { IconColumns, IconDownload, IconPrinter } from '@tabler/icons-react';
import { formatBytes } from '@/lib';
import { ButtonLink, downloadCsv } from '@/ui';
import { useAnalysis, useDesigner, useEditor, useGraph } from '../state/DesignerContext';
import { display, useDisplay } from '../state/display';
import { DESIGNER_IDS } from '../testids';
import classes from './Analysis.module.css';
import { Budgets } from './Budgets';
import { openLengths } from './costs';
import { CHOSEN_COLUMNS } from './layerColumns';
import { rowsAsTable, type LayerRow } from './layerRows';

const DEFAULT_BATCH = 32;
const MOST_SAMPLES = 1_000_000;

/** Above the table: budgets, the memory of training, and what is shown. */
export function LayersBar({ exportRows }: { exportRows: () => readonly LayerRow[] }) {
  const { name } = useGraph();
  const { networkId } = useDesigner();
  return (
    <div className={classes.toolbar}>
      <Budgets />
      <TrainingMemory />
      <Columns />
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconDownload size={13} />}
        data-testid={DESIGNER_IDS.exportCsv}
        onClick={() => downloadCsv(`${name}-layers.csv`, rowsAsTable(exportRows()))}
      >
        CSV
      </Button>
      <ButtonLink
        to="/networks/$networkId/report"
        params={{ networkId }}
        target="_blank"
        size="compact-xs"
        variant="default"
        leftSection={<IconPrinter size={13} />}
        data-testid={DESIGNER_IDS.openReport}
      >
        Report
      </ButtonLink>
    </div>
  );
}

/** The batch is kept with the budgets: the memory budget holds for it. */
function TrainingMemory() {
  const { editor } = useDesigner();
  const canEdit = useEditor((state) => state.canEdit);
  const batch = useEditor(
    ({ document }) => document.view.budgets?.['batch_size'] ?? DEFAULT_BATCH,
  );
  const totals = useAnalysis((state) => state.analysis?.totals);
  if (totals === undefined) return null;
  const lengths = openLengths(totals);
  const bytes = totals.training_fixed_bytes + batch * totals.training_sample_bytes;
  return (
    <span className={classes.training}>
      Batch
      <NumberInput
        size="xs"
        w={64}
        classNames={{ input: classes.batch ?? '' }}
        min={1}
        max={MOST_SAMPLES}
        clampBehavior="strict"
        allowDecimal={false}
        readOnly={!canEdit}
        aria-label="Samples of a batch"
        value={batch}
        onChange={(value) => {
          if (typeof value !== 'number' || value < 1 || value === batch) return;
          editor.perform('Set the batch size', [
            { op: 'set_budget', budget: 'batch_size', limit: value },
          ]);
        }}
      />
      <span title="Weights, gradients, Adam and activations; without the program itself">
        {lengths !== '' && `with ${lengths} `}trains in <b data-testid={DESIGNER_IDS.trainingMemory}>{formatBytes(bytes)}</b>
      </span>
    </span>
  );
}

function Columns() {
  const hidden = useDisplay((state) => state.hiddenColumns);
  const isChannelsLast = useDisplay((state) => state.isChannelsLast);
  return (
    <Menu closeOnItemClick={false} position="top-end">
      <Menu.Target>
        <Button size="compact-xs" variant="default" leftSection={<IconColumns size={13} />}>
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {CHOSEN_COLUMNS.map(({ id, title }) => (
          <Menu.Item
            key={id}
            onClick={() =>
              display.setState({
                hiddenColumns: hidden.includes(id)
                  ? hidden.filter((each) => each !== id)
                  : [...hidden, id],
              })
            }
          >
            <Checkbox size="xs" label={title} checked={!hidden.includes(id)} readOnly tabIndex={-1} />
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => display.setState({ isChannelsLast: !isChannelsLast })}>
          <Checkbox
            size="xs"
            label="Images as H × W × C"
            checked={isChannelsLast}
            readOnly
            tabIndex={-1}
          />
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
