# A probe comes loose from its terminal: a fault for the integrator's list, never an alarm, and no false all-clear
start 10:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 current     every 10s: 30 x 120
203房 temperature every 10s: 48 x 30, open x 90
expect at 5m      case opened, equipment, fault
expect none       case opened, heat
expect none       notice voice to Bolat
