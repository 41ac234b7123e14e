/** As `AUTH_PASSWORD_VALIDATORS` of the server decides; said before somebody fails at it. */
export const PASSWORD_RULE = 'At least 10 characters; neither common, nor digits alone, nor your name.';
