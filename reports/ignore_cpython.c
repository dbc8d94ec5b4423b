/* CPython's part of the tables. No code here. */
#include <stddef.h>

#include "reports/ignore.h"

const char *const ignore_cpython_top[] = {
	/* its allocators */
	"PyObject_Malloc", "PyObject_Calloc", "PyObject_Realloc", "PyObject_Free", "PyMem_*",
	"_PyMem_*", "_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc",
	"_PyObject_Free", "pymalloc_*", "PyObject_FREE", "PyObject_DEL", "_PyObject_DebugDumpAddress",
	"_PyMem_DebugCheckAddress", "mi_*", "_mi_*",
	/* the way out */
	"fatal_error", "fatal_error_exit", "_Py_FatalError*", "Py_FatalError",
	"_PyObject_AssertFailed", "_Py_NegativeRefcount", "faulthandler_*", "_Py_DumpTraceback*",
	NULL,
};

const char *const ignore_cpython_key[] = {
	/* calls: on the way to everything */
	"_PyObject_*[Cc]all*", "PyObject_*Call*", "PyObject_Vectorcall*", "_PyVectorcall*",
	"PyVectorcall_*", "_PyFunction_Vectorcall", "object_vacall", "do_call*", "call_function",
	"cfunction_vectorcall_*", "cfunction_call*", "method_vectorcall*", "_PyEval_*",
	"PyEval_*", "_PyCFunction*", "vectorcall_*", "slot_tp_*", "type_call", "run_mod",
	"run_eval_code_obj", "pyrun_*", "pymain_*", "Py_RunMain", "Py_BytesMain", "_PyRun_*",
	"PyRun_*", "thread_run", "pythread_wrapper", "Py_Main",
	/* helpers that headers put everywhere */
	"Py_TYPE", "_Py_TYPE", "Py_SIZE", "Py_REFCNT", "_Py_REFCNT", "Py_INCREF*", "Py_DECREF*",
	"Py_XINCREF*", "Py_XDECREF*", "Py_NewRef", "_Py_NewRef", "Py_XNewRef", "_Py_XNewRef",
	"Py_IS_TYPE", "_Py_IS_TYPE", "Py_SET_*", "_Py_SET_*", "PyType_HasFeature*",
	"_PyType_HasFeature", "PyObject_TypeCheck", "_Py_IsImmortal*", "_Py_IncRef", "_Py_DecRef*",
	"Py_IncRef", "Py_DecRef", "_Py_Dealloc", "_Py_NewReference*", "*StackRef*", "_Py_atomic_*",
	"_Py_CLEAR*", "_PyObject_GC_TRACK", "_PyObject_GC_UNTRACK", "_Py_IsOwnedByCurrentThread",
	"_Py_ThreadId", "_PyObject_GC_IS_TRACKED",
	NULL,
};
