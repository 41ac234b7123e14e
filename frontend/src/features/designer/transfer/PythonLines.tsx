import { Button, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { DESIGNER_IDS } from '../testids';
import classes from './Transfer.module.css';

/** The same outside of the studio, to be copied. */
export function PythonLines({ text }: { text: string }) {
  return (
    <details className={classes.python}>
      <summary>The same in Python</summary>
      <pre className="mono" data-testid={DESIGNER_IDS.transferPython}>
        {text}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
            onClick={copy}
          >
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </details>
  );
}
