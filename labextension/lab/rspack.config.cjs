// Numbers modules by the order in which they are loaded. The builder's own way makes a number of each module's
// address, and that of the entry holds the folder in which the build runs.
module.exports = { optimization: { moduleIds: 'natural' } };
