/* The test programs; each returns 0 when what it looks at holds, and says on stdout what does not. */
int test_getppid(void);
