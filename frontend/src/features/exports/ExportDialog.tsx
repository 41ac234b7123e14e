import { Button, Modal, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { http, type ExportFormat, type ExportGap, type ExportQuestion } from '@/api';
import { TESTIDS } from '@/lib';
import { DialogFooter, ProblemNotice } from '@/ui';
import classes from './Exports.module.css';
import { FormatCards } from './FormatCards';
import { GapList } from './GapList';
import { OptionFields } from './OptionFields';
import { fieldsOf, type OptionValues } from './options';
import { Outcome } from './Outcome';
import { useExport } from './useExport';
import { Working } from './Working';

type Weights = NonNullable<ExportQuestion['weights']>;

/** Weights to choose from, under a heading. */
export interface WeightsGroup {
  readonly group: string;
  readonly items: readonly { readonly value: string; readonly label: string; readonly weights: Weights }[];
}

export interface ExportDialogProps {
  networkId: string;
  name: string;
  groups: readonly WeightsGroup[];
  /** The one of them that is chosen at first. */
  chosen: string;
  /** The network as the run of this checkpoint trained it, not as it is drawn today. */
  checkpointId?: string;
  /** Show the layer that a format cannot express. */
  onGap?: (gap: ExportGap) => void;
  onClose: () => void;
}

/** Which format, with whose weights; then what cannot be said in it, or the file and its proof. */
export function ExportDialog(props: ExportDialogProps) {
  const { networkId, name, checkpointId, onClose } = props;
  const { data: formats, error } = useQuery({
    queryKey: ['export-formats', networkId, checkpointId ?? null],
    queryFn: ({ signal }) =>
      http.get<ExportFormat[]>(
        `/api/networks/${networkId}/exports/formats`,
        checkpointId === undefined ? {} : { checkpoint: checkpointId },
        signal,
      ),
    // What was drawn meanwhile decides what a format can express.
    gcTime: 0,
    staleTime: Infinity,
  });
  return (
    <Modal opened onClose={onClose} title={`Export ${name}`} size={720} data-testid={TESTIDS.exports.dialog}>
      {error && <ProblemNotice error={error} />}
      {formats !== undefined && <Form {...props} formats={formats} />}
    </Modal>
  );
}

function Form({ formats, ...props }: ExportDialogProps & { formats: readonly ExportFormat[] }) {
  const [name, setName] = useState(formats[0]?.name ?? '');
  const [options, setOptions] = useState<Record<string, OptionValues>>({});
  const [weights, setWeights] = useState(props.chosen);
  const run = useExport(props.networkId);
  const format = formats.find((each) => each.name === name);
  if (run.isWorking) {
    return <Working text={run.text} progress={run.progress} onCancel={run.cancel} />;
  }
  if (run.file !== null) return <Outcome file={run.file} onBack={run.reset} onClose={props.onClose} />;
  if (format === undefined) return null;
  const values = options[name] ?? {};
  const items = props.groups.flatMap((group) => group.items);
  const picked = items.find((item) => item.value === weights) ?? items[0];
  const gaps = run.gaps ?? format.gaps;
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (picked === undefined) return;
        void run.start({
          format: name,
          options: values,
          weights: picked.weights,
          as_trained: props.checkpointId !== undefined,
        });
      }}
    >
      <FormatCards
        formats={formats}
        value={name}
        onChange={(chosen) => {
          setName(chosen);
          run.reset();
        }}
      />
      {gaps.length > 0 ? (
        <GapList title={format.title} gaps={gaps} {...(props.onGap ? { onGap: props.onGap } : {})} />
      ) : (
        <div className={classes.fields}>
          {items.length > 1 && (
            <Select
              label="Weights"
              data={props.groups.map(({ group, items: own }) => ({
                group,
                items: own.map(({ value, label }) => ({ value, label })),
              }))}
              value={picked?.value ?? null}
              onChange={(value) => setWeights(value ?? weights)}
              allowDeselect={false}
              searchable
              data-testid={TESTIDS.exports.weights}
            />
          )}
          <OptionFields
            fields={fieldsOf(format.options)}
            values={values}
            onChange={(option, value) =>
              setOptions({ ...options, [name]: { ...values, [option]: value } })
            }
          />
        </div>
      )}
      {run.error !== null && run.gaps === null && <ProblemNotice error={run.error} />}
      <DialogFooter>
        <Button variant="default" onClick={props.onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={gaps.length > 0} data-testid={TESTIDS.exports.start}>
          Export
        </Button>
      </DialogFooter>
    </form>
  );
}
