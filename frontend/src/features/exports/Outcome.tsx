import { Button } from '@mantine/core';
import { IconCircleCheck, IconDownload, IconInfoCircle } from '@tabler/icons-react';
import type { ExportedNetwork } from '@/api';
import { TESTIDS, formatBytes, formatDateTime, plural } from '@/lib';
import { DialogFooter } from '@/ui';
import classes from './Exports.module.css';
import { parityText } from './words';

interface OutcomeProps {
  file: ExportedNetwork;
  onBack: () => void;
  onClose: () => void;
}

/** The file, whether it computes the same as the network, and what to know of it. */
export function Outcome({ file, onBack, onClose }: OutcomeProps) {
  const { report } = file;
  const [first, ...more] = report.files;
  return (
    <div className={classes.form} data-testid={TESTIDS.exports.outcome}>
      <div className={classes.file}>
        <div>
          <div className={classes.fileName}>{file.file_name}</div>
          <div className={classes.facts}>
            {report.title}, {formatBytes(file.size_bytes)}
            {more.length > 0 && first !== undefined && `, ${plural(more.length + 1, 'file')}`}. Here until{' '}
            {formatDateTime(file.expires_at)}.
          </div>
        </div>
        <Button
          component="a"
          href={file.url}
          download
          leftSection={<IconDownload size={16} />}
          data-testid={TESTIDS.exports.download}
        >
          Download
        </Button>
      </div>
      {report.parity != null && (
        <p className={classes.parity} data-testid={TESTIDS.exports.parity}>
          <IconCircleCheck size={16} aria-hidden />
          {parityText(report.parity)}
        </p>
      )}
      {(report.notes ?? []).length > 0 && (
        <ul className={classes.notes}>
          {(report.notes ?? []).map((note) => (
            <li key={note}>
              <IconInfoCircle size={16} aria-hidden />
              {note}
            </li>
          ))}
        </ul>
      )}
      <DialogFooter>
        <Button variant="default" onClick={onBack}>
          Another format
        </Button>
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
      </DialogFooter>
    </div>
  );
}
