"""How the window looks: colours, fonts, shapes, and the painter of ttk's widgets."""
