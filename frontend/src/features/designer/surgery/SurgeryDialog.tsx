import { Button, Modal } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { asProblem } from '@/api';
import { DialogFooter } from '@/ui';
import type { Operation } from '../document/operations';
import { withRoom } from '../document/room';
import type { Document, ParamValue } from '../document/types';
import { bringIntoView } from '../state/bringIntoView';
import { portsOfDesigner, useDesigner, useDocument, usePanels } from '../state/DesignerContext';
import { spacingFor } from '../state/placement';
import { useNetworkMeta } from '../state/networkMeta';
import type { OpenSurgery } from '../state/panels';
import { planSurgery, surgeryActsQuery, type Values } from '../state/surgery';
import { DESIGNER_IDS } from '../testids';
import { ActField } from './ActField';
import { NetworkField } from './NetworkField';
import { PlanPreview } from './PlanPreview';
import classes from './Surgery.module.css';

/** An act about to be done: what it asks, which weights survive it, and then Apply. */
export function SurgeryDialog() {
  const open = usePanels((state) => state.surgery);
  const { panels } = useDesigner();
  const { data: acts } = useQuery(surgeryActsQuery);
  const act = acts?.find(({ id }) => id === open?.act);
  const close = (): void => {
    panels.set({ surgery: null });
    panels.canvas?.focus();
  };
  return (
    <Modal
      opened={open !== null}
      onClose={close}
      size={680}
      title={act?.title ?? 'Surgery'}
      returnFocus={false}
      data-testid={DESIGNER_IDS.surgery}
    >
      {open !== null && act !== undefined && (
        <OpenAct key={act.id} open={open} act={act} onClose={close} />
      )}
    </Modal>
  );
}

interface OpenActProps {
  open: OpenSurgery;
  act: { id: string; summary: string; needs_network: boolean };
  onClose: () => void;
}

function OpenAct({ open, act, onClose }: OpenActProps) {
  const designer = useDesigner();
  const { editor } = designer;
  const [values, setValues] = useState<Values>({});
  const [otherId, setOtherId] = useState<string | null>(null);
  // Fields in which something stands that means nothing: the plan is not one for what is typed.
  const [unread, setUnread] = useState<ReadonlySet<string>>(new Set());
  const { plan, error, isOld } = usePlan(open, values, otherId);
  const form = useFocusOnce(plan !== undefined);
  const canApply = unread.size === 0 && plan !== undefined && plan.refusal === '' && !isOld && error === null;
  const apply = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!canApply) return;
    onClose();
    const isHere = plan.operations.every(
      (each) => !('scope' in each) || each.scope === open.target.scope,
    );
    const spacing = spacingFor(portsOfDesigner(designer));
    const operations = withRoom(editor.state.document, plan.operations, spacing);
    if (!editor.perform(plan.label, operations, isHere ? { select: plan.select } : {})) return;
    bringIntoView(designer, addedTo(open.target.scope, operations));
  };
  const change = (name: string, value: ParamValue | undefined): void => {
    const others = [...unread].filter((each) => each !== name);
    setUnread(new Set(value === undefined ? [...others, name] : others));
    if (value !== undefined) setValues((before) => ({ ...before, [name]: value }));
  };
  return (
    <form onSubmit={apply} ref={form}>
      <p className={classes.summary}>{act.summary}</p>
      <div className={classes.fields}>
        {act.needs_network && <NetworkField value={otherId} onChange={setOtherId} />}
        {plan?.form.map((field) => (
          <ActField
            key={field.name}
            param={field}
            value={values[field.name] ?? field.default}
            onChange={(value) => change(field.name, value)}
          />
        ))}
      </div>
      {error !== null && <p className={classes.refusal}>{asProblem(error).message}</p>}
      {unread.size > 0 && (
        <p className={classes.refusal} role="status">
          What would change is shown here once every field above can be read.
        </p>
      )}
      {unread.size === 0 && plan !== undefined && <PlanPreview plan={plan} isOld={isOld} />}
      <DialogFooter>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={!canApply} data-testid={DESIGNER_IDS.surgeryApply}>
          Apply
        </Button>
      </DialogFooter>
    </form>
  );
}

/** What is new in the scope that the act began in. */
function addedTo(scope: string | null, operations: readonly Operation[]): string[] {
  return operations.flatMap((each) =>
    each.op === 'add_node' && each.scope === scope ? [each.node_id] : [],
  );
}

/** Once there is something to fill in or to apply, the keyboard is there. */
function useFocusOnce(isReady: boolean) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!isReady) return;
    const field = form.current?.querySelector<HTMLElement>('input:not([type=hidden])');
    const button = form.current?.querySelector<HTMLElement>('button[type=submit]:enabled');
    (field ?? button ?? form.current?.querySelector('button'))?.focus();
  }, [isReady]);
  return form;
}

/** The plan for what is chosen now; the last one stays in sight while the next is made. */
function usePlan(open: OpenSurgery, values: Values, otherId: string | null) {
  const document = useDocument();
  const { networkId } = useDesigner();
  const { dataset_id: datasetId } = useNetworkMeta();
  const { data, error, isPlaceholderData, isFetching } = useQuery({
    queryKey: ['surgery', networkId, numberOf(document), open, values, otherId, datasetId],
    queryFn: ({ signal }) =>
      planSurgery(
        {
          document,
          act: open.act,
          target: open.target,
          values,
          dataset_id: datasetId,
          network_id: otherId,
        },
        signal,
      ),
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  return { plan: data, error, isOld: isPlaceholderData || (isFetching && data === undefined) };
}

const NUMBERS = new WeakMap<Document, number>();
let documents = 0;

/** A short name for a document as it is: another after every edit. */
function numberOf(document: Document): number {
  const known = NUMBERS.get(document);
  if (known !== undefined) return known;
  documents += 1;
  NUMBERS.set(document, documents);
  return documents;
}
