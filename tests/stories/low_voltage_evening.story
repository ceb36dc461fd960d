# Every heater of the village is on: the voltage sags for minutes, and one room alone is warned of it once
start 20:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 voltage every 10s: 224 x 30, 191 x 60, 224 x 120
expect at 6m     case opened, voltage, warning
expect none      case opened, voltage, alarm
expect none      case raised
