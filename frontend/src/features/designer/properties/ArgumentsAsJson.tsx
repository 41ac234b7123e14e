import { UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import type { ParamDescription } from '../state/contract';
import { usePanels } from '../state/DesignerContext';
import { BoundField } from './BoundField';
import type { Chosen } from './shared';
import classes from './Properties.module.css';

interface ArgumentsAsJsonProps {
  param: ParamDescription;
  chosen: readonly Chosen[];
}

/** The arguments as they are saved, for what no field can say. */
export function ArgumentsAsJson({ param, chosen }: ArgumentsAsJsonProps) {
  const [isOpened, setOpened] = useState(false);
  const isWanted = usePanels((state) => state.focusParam === param.name);
  const isOpen = isOpened || isWanted;
  return (
    <>
      <UnstyledButton
        className={classes.more}
        onClick={() => setOpened(!isOpen)}
        aria-expanded={isOpen}
      >
        {isOpen ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        More than the fields say: as JSON
      </UnstyledButton>
      {isOpen && <BoundField param={param} chosen={chosen} />}
    </>
  );
}
