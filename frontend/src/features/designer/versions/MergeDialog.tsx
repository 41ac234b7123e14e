import { Button, Modal } from '@mantine/core';
import { DialogFooter } from '@/ui';
import { DifferenceLines } from '../compare/DifferenceLines';
import { MergeChoices } from '../frame/MergeChoices';
import type { Choices, Merged, Side } from '../state/historyApi';
import { DESIGNER_IDS } from '../testids';

interface MergeDialogProps {
  title: string;
  /** What would be merged; null while the dialog is closed. */
  merged: Merged | null;
  sides: Readonly<Record<Side, string>>;
  isBusy: boolean;
  onMerge: (choices: Choices) => void;
  onClose: () => void;
}

/** What a merge changes, before it does; and what both sides changed differently, to choose. */
export function MergeDialog(props: MergeDialogProps) {
  const { title, merged, sides, isBusy, onMerge, onClose } = props;
  return (
    <Modal opened={merged !== null} onClose={onClose} title={title} size="lg">
      {merged !== null && merged.comparison.lines.length > 0 && (
        <>
          <p>It changes {sides.ours} like this:</p>
          <DifferenceLines lines={merged.comparison.lines} />
        </>
      )}
      {merged !== null && merged.conflicts.length > 0 && (
        <MergeChoices
          conflicts={merged.conflicts}
          sides={sides}
          isBusy={isBusy}
          onMerge={onMerge}
          onBack={onClose}
        />
      )}
      {merged?.conflicts.length === 0 && (
        <DialogFooter>
          <Button variant="default" onClick={onClose}>
            Back
          </Button>
          <Button
            loading={isBusy}
            data-testid={DESIGNER_IDS.mergeConfirm}
            onClick={() => onMerge({})}
          >
            Merge
          </Button>
        </DialogFooter>
      )}
    </Modal>
  );
}
