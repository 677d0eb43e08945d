/** A style sheet beside the script that needs it: the build puts it into each dialog that uses this script. */
declare module '*.css';
