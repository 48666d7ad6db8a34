// The Python module: hands the handlers to JAX.

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "handlers.h"
#include "level.h"

static const struct {
  const char *name;
  XLA_FFI_Handler *handler;
} handlers[] = {
    {"lamina_product", lamina_product},
    {"lamina_convolution", lamina_convolution},
    {"lamina_convolution_kernel_gradient", lamina_convolution_kernel_gradient},
    {"lamina_depthwise", lamina_depthwise},
    {"lamina_depthwise_input_gradient", lamina_depthwise_input_gradient},
    {"lamina_depthwise_kernel_gradient", lamina_depthwise_kernel_gradient},
    {"lamina_lstm", lamina_lstm},
    {"lamina_lstm_backward", lamina_lstm_backward},
    {"lamina_gru", lamina_gru},
    {"lamina_gru_backward", lamina_gru_backward},
    {"lamina_layer_norm", lamina_layer_norm},
    {"lamina_layer_norm_gradient", lamina_layer_norm_gradient},
    {"lamina_attention", lamina_attention},
    {"lamina_attention_gradient", lamina_attention_gradient},
    {"lamina_adam", lamina_adam},
};

static PyObject *get_handlers(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  PyObject *all = PyDict_New();
  if (!all || !current_level()) return all;
  for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
    PyObject *capsule = PyCapsule_New((void *)handlers[i].handler, "xla._CUSTOM_CALL_TARGET", NULL);
    if (!capsule || PyDict_SetItemString(all, handlers[i].name, capsule)) {
      Py_XDECREF(capsule);
      Py_DECREF(all);
      return NULL;
    }
    Py_DECREF(capsule);
  }
  return all;
}

static PyObject *get_level(PyObject *module, PyObject *unused) {
  (void)module, (void)unused;
  return PyUnicode_FromString(current_level() ? current_level()->name : "");
}

static PyObject *use(PyObject *module, PyObject *name) {
  (void)module;
  PyObject *text = PyUnicode_AsUTF8String(name);
  if (!text) return NULL;
  int done = choose_level(PyBytes_AsString(text));
  Py_DECREF(text);
  if (done) Py_RETURN_NONE;
  PyErr_Format(PyExc_ValueError, "This processor has no level %R; lamina knows 'avx512' and 'avx2'.", name);
  return NULL;
}

static PyMethodDef methods[] = {
    {"handlers", get_handlers, METH_NOARGS, "Return the handlers by the names that programs call them by."},
    {"level", get_level, METH_NOARGS, "Return the instructions in use: 'avx512', 'avx2', or '' for none."},
    {"use", use, METH_O, "Choose the instructions by name; for tests, while no program runs."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", "Kernels compiled for the processor.", 0, methods, slots, NULL,
    NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&definition); }
