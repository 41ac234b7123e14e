import { useCallback, useEffect, useRef } from 'react';

const ENDS = ['pointerup', 'pointercancel'] as const;

/** Does something at once or, while a mouse, a pen or a finger is down, when that is lifted. */
export function useAfterPointer(): (act: () => void) => void {
  const isDown = useRef(false);
  const waiting = useRef<(() => void) | null>(null);
  useEffect(() => {
    const press = (): void => {
      isDown.current = true;
    };
    const lift = (): void => {
      isDown.current = false;
      const act = waiting.current;
      waiting.current = null;
      // What the gesture ends with comes first.
      if (act !== null) requestAnimationFrame(act);
    };
    window.addEventListener('pointerdown', press, true);
    for (const end of ENDS) window.addEventListener(end, lift, true);
    return () => {
      window.removeEventListener('pointerdown', press, true);
      for (const end of ENDS) window.removeEventListener(end, lift, true);
      waiting.current = null;
    };
  }, []);
  return useCallback((act) => {
    if (isDown.current) waiting.current = act;
    else act();
  }, []);
}
